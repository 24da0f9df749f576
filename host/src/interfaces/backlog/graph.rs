//! The backlog as a whole: what belongs to what, what waits for what, what can begin. Pure; linear in what there is.

use std::collections::{HashMap, HashSet};

use super::{
    Draft, Item, Kind, Refusal, SortKey, Status,
    rules::{LARGEST_LIST, Link, MOST_ITEMS, check, weight},
};

/// Items with what leads from one to the other.
///
/// An item of an epic, or of a story in one, begins after what the epic waits for; an epic ends after what is directly
/// in it. A story is not held up by its tasks, unless it says so.
pub struct Graph<'a> {
    nodes: Vec<Node<'a>>,
}

struct Node<'a> {
    draft: &'a Draft,
    status: Status,
    after: Vec<usize>,
    epic: Option<usize>,
    /// What is directly in an epic; nothing of any other item.
    inside: Vec<usize>,
}

/// What a number of drafts makes of a backlog.
#[derive(Debug, PartialEq, Eq)]
pub struct Changes {
    /// Drafts of items there were none of, the widest first, so that what something belongs to comes before it.
    pub added: Vec<Draft>,
    /// Drafts that say something else than the backlog.
    pub changed: Vec<Draft>,
}

impl Changes {
    /// What `drafts` change in a backlog of `items`, if all of it fits together afterwards. The bodies of `items` have to
    /// be there for those items that are among the drafts.
    pub fn of(items: &[Item], drafts: &[Draft]) -> Result<Self, Refusal> {
        let mut given = HashSet::with_capacity(drafts.len());
        for draft in drafts {
            check(draft)?;
            if !given.insert(draft.key.as_str()) {
                return Err(Refusal::Twice(draft.key.clone()));
            }
        }
        let known: HashMap<_, _> = items.iter().map(|item| (item.draft.key.as_str(), item)).collect();
        let mut added: Vec<_> = drafts.iter().filter(|draft| !known.contains_key(draft.key.as_str())).cloned().collect();
        added.sort_by_key(|draft| draft.kind);
        let says_more = |draft: &&Draft| known.get(draft.key.as_str()).is_some_and(|item| item.draft != **draft);
        let changed = drafts.iter().filter(says_more).cloned().collect();

        let all = together(items, drafts);
        if all.len() > MOST_ITEMS {
            return Err(Refusal::TooMany(all.len()));
        }
        let size = all.iter().map(|(draft, _)| weight(draft)).sum();
        if size > LARGEST_LIST {
            return Err(Refusal::TooLarge(size));
        }
        Graph::over(&all)?.order()?;
        Ok(Self { added, changed })
    }
}

/// The items that would wait for each other if `drafts` were put, where all that they name exists.
pub(super) fn circle(items: &[Item], drafts: &[Draft]) -> Option<Vec<String>> {
    let all = together(items, drafts);
    match Graph::over(&all).and_then(|graph| graph.order()) {
        Err(Refusal::Cycle(keys)) => Some(keys),
        _ => None,
    }
}

/// The drafts of a backlog of `items` once `drafts` are put.
fn together<'a>(items: &'a [Item], drafts: &'a [Draft]) -> Vec<(&'a Draft, Status)> {
    let given: HashMap<_, _> = drafts.iter().map(|draft| (draft.key.as_str(), draft)).collect();
    let known: HashSet<_> = items.iter().map(|item| item.draft.key.as_str()).collect();
    let kept = items.iter().map(|item| (*given.get(item.draft.key.as_str()).unwrap_or(&&item.draft), item.status));
    let added = drafts.iter().filter(|draft| !known.contains(draft.key.as_str())).map(|draft| (draft, Status::Todo));
    kept.chain(added).collect()
}

impl<'a> Graph<'a> {
    /// The graph of a backlog that fits together.
    pub fn of(items: &'a [Item]) -> Result<Self, Refusal> {
        Self::over(&items.iter().map(|item| (&item.draft, item.status)).collect::<Vec<_>>())
    }

    /// The places in the list of items that can begin: stories and tasks to do, the most urgent first.
    pub fn ready(&self) -> Vec<usize> {
        let mut ready: Vec<_> = (0..self.nodes.len()).filter(|place| self.is_ready(*place)).collect();
        ready.sort_by_cached_key(|place| {
            let draft = self.nodes[*place].draft;
            (u8::MAX - draft.priority, SortKey::of(&draft.key))
        });
        ready
    }

    /// The keys that an item still waits for.
    pub fn waits_for(&self, place: usize) -> Vec<&'a str> {
        let waits = self.waits(place).filter(|other| !self.is_done(*other)).map(|other| self.nodes[other].draft.key.as_str());
        waits.collect()
    }

    /// What has to be done before an item is: what it still waits for, and for an epic what is directly in it and open.
    pub fn open_before(&self, place: usize) -> Vec<&'a str> {
        let inside = self.nodes[place].inside.iter().filter(|place| {
            let status = self.nodes[**place].status;
            status != Status::Done && status != Status::Cancelled
        });
        let inside = inside.map(|place| self.nodes[*place].draft.key.as_str());
        self.waits_for(place).into_iter().chain(inside).collect()
    }

    /// What waits for an item and has begun all the same, or is done.
    pub fn begun_behind(&self, place: usize) -> Vec<&'a str> {
        let begun = |other: &usize| matches!(self.nodes[*other].status, Status::InProgress | Status::Review | Status::Done);
        let behind = (0..self.nodes.len()).filter(|other| self.waits(*other).any(|earlier| earlier == place));
        behind.filter(begun).map(|other| self.nodes[other].draft.key.as_str()).collect()
    }

    /// Whether what waits for an item may begin: it is done; or it is an epic, and what is in it is done or cancelled.
    pub fn is_done(&self, place: usize) -> bool {
        let node = &self.nodes[place];
        let mut wanted = node.inside.iter().map(|place| self.nodes[*place].status).filter(|status| *status != Status::Cancelled).peekable();
        node.status == Status::Done || wanted.peek().is_some() && wanted.all(|status| status == Status::Done)
    }

    /// The status of an item as people see it. An epic follows what is in it: it is done with it, and in progress from when
    /// something in it is at work, unless it was moved elsewhere itself.
    pub fn status(&self, place: usize) -> Status {
        let node = &self.nodes[place];
        if node.draft.kind != Kind::Epic || !self.is_open(place) {
            return node.status;
        }
        let has_begun = |inside: &usize| matches!(self.nodes[*inside].status, Status::InProgress | Status::Review | Status::Done);
        match node.status {
            _ if self.is_done(place) => Status::Done,
            Status::Todo if node.inside.iter().any(has_begun) => Status::InProgress,
            status => status,
        }
    }

    /// Stories and tasks that are not over, in waves: each waits only for what is done and for those before it. Those
    /// that wait for what failed, was cancelled or is an empty epic are in none.
    pub fn waves(&self) -> Result<Vec<Vec<usize>>, Refusal> {
        let mut levels: HashMap<Point, Option<usize>> = HashMap::new();
        for point in self.order()? {
            let level = self.level(point, &levels);
            levels.insert(point, level);
        }
        let mut waves: Vec<Vec<usize>> = Vec::new();
        for place in (0..self.nodes.len()).filter(|place| self.is_open(*place) && self.nodes[*place].draft.kind != Kind::Epic) {
            let Some(Some(level)) = levels.get(&Point::Begin(place)) else { continue };
            waves.resize_with(waves.len().max(level + 1), Vec::new);
            waves[*level].push(place);
        }
        for wave in &mut waves {
            wave.sort_by_cached_key(|place| SortKey::of(&self.nodes[*place].draft.key));
        }
        Ok(waves)
    }

    fn over(all: &[(&'a Draft, Status)]) -> Result<Self, Refusal> {
        let places: HashMap<_, _> = all.iter().enumerate().map(|(place, (draft, _))| (draft.key.as_str(), place)).collect();
        let find = |draft: &Draft, link, other: &str| {
            let missing = || Refusal::Missing { key: draft.key.clone(), link, other: other.to_owned() };
            places.get(other).copied().ok_or_else(missing)
        };
        let mut nodes = Vec::with_capacity(all.len());
        let mut inside = vec![Vec::new(); all.len()];
        for (place, (draft, status)) in all.iter().enumerate() {
            let after = draft.after.iter().map(|other| find(draft, Link::After, other)).collect::<Result<_, _>>()?;
            let mut epic = None;
            if let Some(parent) = &draft.parent {
                let above = find(draft, Link::Parent, parent)?;
                let wider = all[above].0;
                if wider.kind >= draft.kind {
                    return Err(Refusal::belongs(draft, parent, wider.kind));
                }
                epic = match (wider.kind, &wider.parent) {
                    (Kind::Epic, _) => {
                        inside[above].push(place);
                        Some(above)
                    }
                    (_, Some(grand)) => Some(find(wider, Link::Parent, grand)?),
                    (_, None) => None,
                };
            }
            nodes.push(Node { draft, status: *status, after, epic, inside: Vec::new() });
        }
        for (node, inside) in nodes.iter_mut().zip(inside) {
            node.inside = inside;
        }
        Ok(Self { nodes })
    }

    /// Whether an item can begin: a story or a task to do, with all that it waits for done.
    pub fn is_ready(&self, place: usize) -> bool {
        let node = &self.nodes[place];
        node.status == Status::Todo && node.draft.kind != Kind::Epic && self.waits(place).all(|other| self.is_done(other))
    }

    fn waits(&self, place: usize) -> impl Iterator<Item = usize> {
        let node = &self.nodes[place];
        node.after.iter().chain(node.epic.into_iter().flat_map(|epic| &self.nodes[epic].after)).copied()
    }

    fn is_open(&self, place: usize) -> bool {
        !matches!(self.nodes[place].status, Status::Done | Status::Failed | Status::Cancelled)
    }

    /// The wave of a point, where all that comes first has one; none for what never comes.
    fn level(&self, point: Point, levels: &HashMap<Point, Option<usize>>) -> Option<usize> {
        let known = |point: Point| levels.get(&point).copied().flatten();
        let mut first = self.before(point).into_iter();
        match point {
            Point::End(place) if self.is_done(place) => Some(0),
            Point::End(place) if self.nodes[place].draft.kind == Kind::Epic => {
                let wanted = self.nodes[place].inside.iter().filter(|place| self.nodes[**place].status != Status::Cancelled);
                let ends: Option<Vec<_>> = wanted.map(|place| known(Point::End(*place))).collect();
                ends?.into_iter().max()
            }
            Point::End(place) => known(Point::Begin(place)).filter(|_| self.is_open(place)).map(|level| level + 1),
            Point::Begin(_) => first.try_fold(0, |most, point| known(point).map(|level| most.max(level))),
        }
    }

    /// Every point after those that come before it, or a circle.
    ///
    /// With a stack of its own instead of recursion: a hostile backlog may be one long chain.
    fn order(&self) -> Result<Vec<Point>, Refusal> {
        let (mut order, mut settled) = (Vec::with_capacity(2 * self.nodes.len()), HashSet::with_capacity(2 * self.nodes.len()));
        for start in (0..self.nodes.len()).map(Point::End) {
            let (mut path, mut walked) = (Vec::new(), HashSet::new());
            let mut next = Some(start);
            loop {
                if let Some(point) = next.filter(|point| !settled.contains(point)) {
                    if !walked.insert(point) {
                        let circle = path.iter().map(|(point, _): &(Point, _)| *point).skip_while(|other| *other != point).chain([point]);
                        return Err(Refusal::Cycle(self.list_keys(circle)));
                    }
                    path.push((point, self.before(point).into_iter()));
                }
                let Some((point, earlier)) = path.last_mut() else { break };
                next = earlier.next();
                if next.is_none() {
                    settled.insert(*point);
                    order.push(*point);
                    path.pop();
                }
            }
        }
        Ok(order)
    }

    /// What has to come first.
    fn before(&self, point: Point) -> Vec<Point> {
        match point {
            Point::Begin(place) => {
                let node = &self.nodes[place];
                node.after.iter().copied().map(Point::End).chain(node.epic.map(Point::Begin)).collect()
            }
            Point::End(place) => {
                [Point::Begin(place)].into_iter().chain(self.nodes[place].inside.iter().copied().map(Point::End)).collect()
            }
        }
    }

    /// Beginning and end of an item are one word to a reader.
    fn list_keys(&self, circle: impl Iterator<Item = Point>) -> Vec<String> {
        let mut keys: Vec<_> = circle.map(|(Point::Begin(place) | Point::End(place))| self.nodes[place].draft.key.clone()).collect();
        keys.dedup();
        if keys.len() == 1 {
            keys.extend(keys.first().cloned());
        }
        keys
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Point {
    Begin(usize),
    End(usize),
}
