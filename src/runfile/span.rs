//! Operations whose numbers follow each other, so that one statement does for all of them what it does for each.

use crate::expr::Seq;

/// From the first to the last, without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: Seq,
    pub(super) last: Seq,
}

impl Span {
    pub(super) fn one(seq: Seq) -> Self {
        Self {
            first: seq,
            last: seq,
        }
    }

    pub(super) fn operations(self) -> impl Iterator<Item = Seq> {
        (self.first.0..=self.last.0).map(Seq)
    }
}

/// What the numbers make up, in the order in which they come.
pub(super) fn spans(operations: impl IntoIterator<Item = Seq>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for seq in operations {
        match spans.last_mut() {
            Some(span) if span.last.is_followed_by(seq) => span.last = seq,
            _ => spans.push(Span::one(seq)),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_each_other_is_one_span() {
        let spans = spans([4, 5, 6, 9, 8, 7, 8].map(Seq));
        let bounds: Vec<(i64, i64)> = spans
            .iter()
            .map(|span| (span.first.0, span.last.0))
            .collect();
        assert_eq!(bounds, [(4, 6), (9, 9), (8, 8), (7, 8)]);
        let all = spans.into_iter().flat_map(Span::operations);
        assert_eq!(
            all.map(|seq| seq.0).collect::<Vec<_>>(),
            [4, 5, 6, 9, 8, 7, 8]
        );
    }
}
