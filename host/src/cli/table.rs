//! Aligned columns. Colours what it is told to, and measures what is seen.

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns, and before what stands below.
const BETWEEN: &str = "  ";
/// Words are cut rather than put below where so many columns are left for them.
const READABLE: usize = 24;

/// One cell of a table. Its text must be safe to show.
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Text in a colour or weight.
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under a head.
pub(super) struct Table {
    head: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of these columns.
    pub(super) fn new(head: &[(&'static str, Align)]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; what it lacks stays empty.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, the head first, two spaces between columns.
    pub(super) fn render(&self) -> String {
        self.fit(None)
    }

    /// The same for a place that shows so many columns in a line, as wide as it likes where nobody knows. What does not fit
    /// beside the rest stands below it, and words in the last column are cut.
    pub(super) fn fit(&self, room: Option<usize>) -> String {
        let bold = Style::new().bold();
        let head: Vec<_> = self.head.iter().map(|(name, _)| Cell::styled(*name, bold)).collect();
        let bands = self.bands(room.unwrap_or(usize::MAX));
        let rows = std::iter::once(&head).chain(&self.rows);
        let lines = rows.flat_map(|row| bands.iter().enumerate().filter_map(|(number, band)| self.line(row, band, number > 0)));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The columns that stand side by side, each with its width.
    fn bands(&self, room: usize) -> Vec<Vec<(usize, usize)>> {
        let (mut bands, mut left) = (vec![Vec::new()], room);
        for (column, (_, align)) in self.head.iter().enumerate() {
            let (width, begun) = (self.width(column), bands.last().is_some_and(|band: &Vec<_>| !band.is_empty()));
            let here = left.saturating_sub(if begun { BETWEEN.len() } else { 0 });
            let is_text = *align == Align::Left && column + 1 == self.head.len();
            let fits = width <= here || is_text && here >= READABLE;
            if begun && !fits {
                bands.push(Vec::new());
                left = room.saturating_sub(BETWEEN.len());
            } else {
                left = here;
            }
            let width = if is_text { width.min(left.max(1)) } else { width };
            left = left.saturating_sub(width);
            bands.last_mut().into_iter().for_each(|band| band.push((column, width)));
        }
        bands
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width());
        cells.chain([self.head[column].0.width()]).max().unwrap_or(0)
    }

    /// A row's part of a band; none below the first where there is nothing in it.
    fn line(&self, row: &[Cell], band: &[(usize, usize)], below: bool) -> Option<String> {
        let cells: Vec<_> = band.iter().filter_map(|(column, width)| Some((self.head[*column].1, *width, row.get(*column)?))).collect();
        let full = cells.iter().rposition(|(_, _, cell)| !cell.text.is_empty()).map_or(0, |last| last + 1);
        if below && full == 0 {
            return None;
        }
        let shown = cells.iter().take(full).enumerate().map(|(place, (align, width, cell))| {
            let text = cut(&cell.text, *width);
            let padding = " ".repeat(width.saturating_sub(text.width()));
            let text = format!("{}{text}{:#}", cell.style, cell.style);
            match align {
                Align::Right => format!("{padding}{text}"),
                Align::Left if place + 1 == full => text,
                Align::Left => format!("{text}{padding}"),
            }
        });
        let line = shown.collect::<Vec<_>>().join(BETWEEN);
        Some(if below { format!("{BETWEEN}{line}") } else { line })
    }
}

/// As much of a text as a width shows.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut shown, mut left) = (String::new(), width.saturating_sub(1));
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        shown.push(character);
    }
    format!("{}…", shown.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut table = Table::new(&[("NAME", Align::Left), ("SIZE", Align::Right), ("NOTE", Align::Left)]);
        table.row([Cell::styled("größe", Style::new().bold()), "7".into(), "short".into()]);
        table.row(["日本".into(), "12,345".into()]);
        let shown = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(shown, "NAME     SIZE  NOTE\ngröße       7  short\n日本   12,345");
    }

    fn listed() -> Table {
        let mut table = Table::new(&[("NAME", Align::Left), ("SIZE", Align::Right), ("WHAT IT IS FOR", Align::Left)]);
        table.row(["bob".into(), "318.1 KiB".into(), "cuts the work into stories, 京京 and all".into()]);
        table.row(["decide".into(), "1 B".into()]);
        table
    }

    #[test]
    fn what_does_not_fit_is_cut_or_stands_below_and_no_line_is_too_long() {
        let shown = |room| anstream::adapter::strip_str(&listed().fit(Some(room))).to_string();
        assert_eq!(shown(100), anstream::adapter::strip_str(&listed().render()).to_string());
        assert_eq!(shown(48), "NAME         SIZE  WHAT IT IS FOR\nbob     318.1 KiB  cuts the work into stories,…\ndecide        1 B");
        assert_eq!(shown(30), "NAME         SIZE\n  WHAT IT IS FOR\nbob     318.1 KiB\n  cuts the work into stories,…\ndecide        1 B");
        for room in 17..80 {
            assert!(shown(room).lines().all(|line| line.width() <= room), "{room}: {}", shown(room));
        }
        assert!(!shown(0).is_empty() && !shown(1).is_empty());
    }
}
