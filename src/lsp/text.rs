//! Positions: bytes, characters, and the UTF-16 units in which editors count.

use lsp_types::{Position, Range};

use crate::model::finding::Place;

/// The beginnings of a text's lines.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds the lines of a text.
    pub fn new(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at.saturating_add(1))).collect();
        Self { text, starts }
    }

    /// A line without its end; empty beyond the last.
    pub fn line(&self, line: usize) -> &'t str {
        let Some(start) = self.starts.get(line) else { return "" };
        let end = self.starts.get(line.saturating_add(1)).copied().unwrap_or(self.text.len());
        self.text.get(*start..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }

    /// Where a byte stands.
    pub fn position(&self, byte: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..byte).unwrap_or_else(|| self.line(line));
        Position::new(number(line), number(units(before)))
    }

    /// Where a range of bytes stands.
    pub fn range(&self, bytes: (usize, usize)) -> Range {
        Range::new(self.position(bytes.0), self.position(bytes.1))
    }

    /// The byte at a position; the end of the line for a position beyond it, the end of the text for a line beyond it.
    pub fn byte(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line) else { return self.text.len() };
        let wanted = usize::try_from(position.character).unwrap_or(usize::MAX);
        let (mut seen, mut at) = (0_usize, *start);
        for c in self.line(line).chars() {
            if seen >= wanted {
                break;
            }
            seen = seen.saturating_add(c.len_utf16());
            at = at.saturating_add(c.len_utf8());
        }
        at
    }

    /// The range of a place, whose columns count characters from 1.
    pub fn range_of(&self, place: &Place) -> Range {
        let position = |line: usize, column: usize| {
            let line = line.saturating_sub(1);
            let before: usize = self.line(line).chars().take(column.saturating_sub(1)).map(char::len_utf16).sum();
            Position::new(number(line), number(before))
        };
        Range::new(position(place.line, place.column), position(place.end_line, place.end_column))
    }
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn number(wide: usize) -> u32 {
    u32::try_from(wide).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `п` is one unit and two bytes, `𝒳` two units and four bytes.
    const TEXT: &str = "a: пп\r\n𝒳b: 1\n";

    #[test]
    fn bytes_and_units_agree() {
        let lines = Lines::new(TEXT);
        for (at, _) in TEXT.char_indices().filter(|(_, c)| !matches!(c, '\r' | '\n')) {
            assert_eq!(lines.byte(lines.position(at)), at);
        }
        assert_eq!(lines.position(TEXT.find('b').unwrap_or_default()), Position::new(1, 2));
    }

    #[test]
    fn positions_outside_are_brought_inside() {
        let lines = Lines::new(TEXT);
        assert_eq!(lines.byte(Position::new(0, 99)), 7);
        assert_eq!(lines.byte(Position::new(99, 0)), TEXT.len());
        assert_eq!(lines.byte(Position::new(u32::MAX, u32::MAX)), TEXT.len());
        assert_eq!(lines.byte(Position::new(1, 1)), TEXT.find('b').unwrap_or_default(), "inside a pair of units");
    }

    #[test]
    fn places_count_characters() {
        let place = Place { file: "f".into(), line: 2, column: 2, end_line: 2, end_column: 3, bytes: (0, 0) };
        assert_eq!(Lines::new(TEXT).range_of(&place), Range::new(Position::new(1, 2), Position::new(1, 3)));
    }
}
