//! Items placed in the column of their status, and removed, each one step with its event. Moves none to another status.

use async_trait::async_trait;
use sqlx::{AnyConnection, Row};

use super::{
    super::{
        StoreError, autopilots,
        queue::{Change, Step},
    },
    change::{find, tell, touch},
};
use crate::interfaces::backlog::{
    Author,
    events::{Placed, Removed},
};

/// Between two places as they are given first, so that another item fits between them many times.
const GAP: i64 = 1 << 20;

const COLUMN: &str = "select key, place from items where project = $1 and status = $2 and kind <> 'epic' and key <> $3 \
    order by coalesce(place, 9223372036854775807), sort_key";
pub(super) const DEPENDENTS: &str = "select i.key from items i where i.project = $1 and (i.parent = $2 or (i.after <> '[]' and exists \
    (select 1 from json_each(i.after) earlier where earlier.value = $2))) order by i.sort_key";
const SET_PLACE: &str = "update items set place = $3 where project = $1 and key = $2";
const FORGET_MOVES: &str = "delete from item_moves where project = $1 and key = $2";
const REMOVE: &str = "delete from items where project = $1 and key = $2";

pub(super) struct Place {
    pub(super) project: String,
    pub(super) key: String,
    pub(super) position: u32,
    pub(super) by: Author,
}

pub(super) struct Remove {
    pub(super) project: String,
    pub(super) key: String,
    pub(super) by: Author,
}

#[async_trait]
impl Change for Place {
    /// None where there is no such item.
    type Outcome = Option<Vec<String>>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Some(item) = find(&self.project, &self.key, step.connection).await? else { return Ok(None) };
        let query = sqlx::query(COLUMN).bind(&*self.project).bind(item.status.as_str()).bind(&*self.key);
        let rows = query.fetch_all(&mut *step.connection).await?;
        let column = rows.iter().map(|row| Ok((row.try_get("key")?, row.try_get("place")?)));
        let column: Vec<(&str, Option<i64>)> = column.collect::<Result<_, StoreError>>()?;
        let position = column.len().min(self.position as usize);
        let places: Vec<_> = column.iter().map(|(_, place)| *place).collect();
        match find_place(&places, position) {
            Some(place) => self.set(&self.key, place, step.connection).await?,
            None => self.renumber(&column, position, step.connection).await?,
        }
        touch(&self.project, &self.key, step).await?;
        let (project, key) = (self.project.clone(), self.key.clone());
        tell(step, &self.by, &Placed { project, key, status: item.status, position: position as u64 });
        Ok(Some(Vec::new()))
    }
}

impl Place {
    /// Gives places to all items up to the new one, and to those behind it that have one.
    async fn renumber(&self, column: &[(&str, Option<i64>)], position: usize, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let (before, behind) = column.split_at(position);
        let behind = behind.iter().take_while(|(_, place)| place.is_some()).map(|(key, _)| *key);
        let keys = before.iter().map(|(key, _)| *key).chain([self.key.as_str()]).chain(behind);
        for (key, place) in keys.zip((0..).map(|count: i64| count * GAP)) {
            self.set(key, place, connection).await?;
        }
        Ok(())
    }

    async fn set(&self, key: &str, place: i64, connection: &mut AnyConnection) -> Result<(), StoreError> {
        sqlx::query(SET_PLACE).bind(&*self.project).bind(key).bind(place).execute(connection).await?;
        Ok(())
    }
}

/// A place behind the first `position` of a column, whose items without one come last; none where none is free.
fn find_place(places: &[Option<i64>], position: usize) -> Option<i64> {
    let before = position.checked_sub(1).map(|before| places[before]);
    let behind = places.get(position).copied().flatten();
    match (before, behind) {
        (None, None) => Some(0),
        (None, Some(behind)) => behind.checked_sub(GAP),
        (Some(None), _) => None,
        (Some(Some(before)), None) => before.checked_add(GAP),
        (Some(Some(before)), Some(behind)) => (behind - before > 1).then(|| before + (behind - before) / 2),
    }
}

#[async_trait]
impl Change for Remove {
    /// The keys of what names it; none where there is no such item.
    type Outcome = Option<Vec<String>>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Some(item) = find(&self.project, &self.key, step.connection).await? else { return Ok(None) };
        let rows = sqlx::query(DEPENDENTS).bind(&*self.project).bind(&*self.key).fetch_all(&mut *step.connection).await?;
        if !rows.is_empty() {
            return Ok(Some(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?));
        }
        touch(&self.project, &self.key, step).await?;
        for statement in [FORGET_MOVES, REMOVE] {
            sqlx::query(statement).bind(&*self.project).bind(&*self.key).execute(&mut *step.connection).await?;
        }
        autopilots::tell(&self.project, step).await?;
        let (project, key) = (self.project.clone(), self.key.clone());
        tell(step, &self.by, &Removed { project, key, title: item.draft.title });
        Ok(Some(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_between_two_others_as_long_as_one_is_free() {
        assert_eq!(find_place(&[], 0), Some(0));
        assert_eq!(find_place(&[Some(0)], 0), Some(-GAP));
        assert_eq!(find_place(&[Some(0)], 1), Some(GAP));
        assert_eq!(find_place(&[Some(0), Some(10)], 1), Some(5));
        assert_eq!(find_place(&[Some(0), Some(1)], 1), None);
        assert_eq!(find_place(&[Some(0), None], 1), Some(GAP));
        assert_eq!(find_place(&[None, None], 0), Some(0));
        assert_eq!(find_place(&[None, None], 1), None);
        assert_eq!(find_place(&[Some(i64::MIN)], 0), None);
    }
}
