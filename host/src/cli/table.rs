//! Aligned columns. Colours what it is told to, and measures what is seen.

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

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
        let bold = Style::new().bold();
        let head: Vec<_> = self.head.iter().map(|(name, _)| Cell::styled(*name, bold)).collect();
        let widths: Vec<_> = (0..self.head.len()).map(|column| self.width(column)).collect();
        let lines = std::iter::once(&head).chain(&self.rows).map(|row| self.line(row, &widths));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width());
        cells.chain([self.head[column].0.width()]).max().unwrap_or(0)
    }

    fn line(&self, row: &[Cell], widths: &[usize]) -> String {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate().take(widths.len()) {
            let padding = " ".repeat(widths[column].saturating_sub(cell.text.width()));
            let last = column + 1 == row.len();
            let text = format!("{}{}{:#}", cell.style, cell.text, cell.style);
            match self.head[column].1 {
                Align::Right => line.extend([padding.as_str(), &text]),
                Align::Left if last => line.push_str(&text),
                Align::Left => line.extend([text.as_str(), &padding]),
            }
            if !last {
                line.push_str("  ");
            }
        }
        line
    }
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
}
