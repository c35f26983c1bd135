//! Where the parts of a text stand in the source, also if that has it in a block or in quotes with escapes.

use crate::diag::Sources;
use crate::diag::Span;

/// Blanks between two words of a block: a line's end and its indentation.
const WIDEST_GAP: usize = 256;

/// Where a text stands in the source.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// As it is, from this byte on.
    At(usize),
    /// In a block, or with escapes: where its words begin, in the text and in the source.
    Words(Box<[(usize, usize)]>),
}

impl Origin {
    pub(super) fn of(text: &str, span: Span, sources: &Sources) -> Self {
        let source = sources.text(span);
        if let Some(at) = source.find(text) {
            return Self::At(span.start() + at);
        }
        let (mut behind, mut skipped) = (0, 0);
        let mut words = Vec::new();
        for word in text.split_whitespace() {
            let rest = &source[behind..];
            // A word with an escape in it stands there in another form, of which no character takes more than this.
            let between = 4 + 10 * skipped;
            let near = rest.floor_char_boundary(between + WIDEST_GAP + word.len());
            let found = rest[..near].find(word).filter(|found| {
                let written = rest[..*found].bytes();
                written.filter(|byte| !byte.is_ascii_whitespace()).count() <= between
            });
            if let Some(found) = found {
                let at = word.as_ptr() as usize - text.as_ptr() as usize;
                words.push((at, span.start() + behind + found));
                behind += found + word.len();
                skipped = 0;
            } else {
                skipped += word.len();
            }
        }
        Self::Words(words.into())
    }

    pub(super) fn place(&self, text: &str, at: usize) -> Option<usize> {
        match self {
            Self::At(origin) => Some(origin + at),
            Self::Words(words) => {
                let word = words.partition_point(|(begin, _)| *begin <= at);
                let (begin, source) = words.get(word.checked_sub(1)?)?;
                let is_inside = !text.get(*begin..at)?.contains(char::is_whitespace);
                is_inside.then(|| source + (at - begin))
            }
        }
    }
}
