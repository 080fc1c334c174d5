//! Bytes of a text → lines and columns.

use std::sync::Arc;

use crate::model::finding::Place;

/// Where the lines of a file begin.
pub struct Lines<'t> {
    file: Arc<str>,
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Reads the text once.
    pub fn new(file: &str, text: &'t str) -> Self {
        let after = |(at, byte): (usize, u8)| (byte == b'\n').then_some(at.saturating_add(1));
        let starts = std::iter::once(0).chain(text.bytes().enumerate().filter_map(after)).collect();
        Self { file: file.into(), text, starts }
    }

    /// The place of the bytes from `start` to `end`.
    pub fn place(&self, start: usize, end: usize) -> Place {
        let (start, end) = (start.min(self.text.len()), end.clamp(start, self.text.len().max(start)));
        let ((line, column), (end_line, end_column)) = (self.position(start), self.position(end));
        Place { file: Arc::clone(&self.file), line, column, end_line, end_column, bytes: (start, end) }
    }

    /// The place of some characters, by line and column.
    pub fn at(&self, line: usize, column: usize, characters: usize) -> Place {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        let width = |text: &str, most: usize| {
            text.chars().take(most).take_while(|c| *c != '\n').map(char::len_utf8).sum::<usize>()
        };
        let before = width(rest, column.saturating_sub(1));
        let length = width(rest.get(before..).unwrap_or_default(), characters);
        let start = start.saturating_add(before);
        self.place(start, start.saturating_add(length))
    }

    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count());
        (line, column.saturating_add(1))
    }
}
