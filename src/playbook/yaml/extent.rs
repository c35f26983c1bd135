//! How far a list or map reaches.

use super::super::node::Node;
use crate::diag::Located;
use crate::diag::Span;

/// A node with the place where it is written, and the place where it is used: the `*alias`, or the same.
pub(super) struct Placed {
    pub(super) node: Node,
    pub(super) written: Span,
    pub(super) used: Span,
}

impl Placed {
    pub(super) fn located(self) -> Located<Node> {
        Located::new(self.node, self.written)
    }
}

/// The extent of a list or map, which the crate does not give: from its first part to its last.
pub(super) struct Extent {
    used: Span,
    written: Span,
}

impl Extent {
    pub(super) fn new(used: Span, written: Span) -> Self {
        Self { used, written }
    }

    pub(super) fn take(&mut self, part: &Placed) {
        self.used = self.used.to(part.used);
        self.written = self.written.to(part.written);
    }

    /// With the closing bracket, if there is one. Parts reached by an alias count where they are used.
    pub(super) fn close(self, text: &str, reached_by_alias: bool, node: Node) -> Placed {
        let written = if reached_by_alias {
            self.written
        } else {
            self.used
        };
        let end = closing_bracket(text, written).unwrap_or(written.end());
        let written = written.at(written.start()..end);
        let used = if reached_by_alias { self.used } else { written };
        Placed {
            node,
            written,
            used,
        }
    }
}

/// Where the bracket that closes a flow list or map ends; only blanks, comments and a comma may stand before it.
fn closing_bracket(text: &str, span: Span) -> Option<usize> {
    let close = match text[span.start()..].chars().next() {
        Some('[') => ']',
        Some('{') => '}',
        _ => return None,
    };
    let mut rest = &text[span.end()..];
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else {
            return rest
                .starts_with(close)
                .then(|| text.len() - rest.len() + close.len_utf8());
        }
    }
}
