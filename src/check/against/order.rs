//! `order_by`: fields with a direction each.

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::invalid;
use crate::diag::Located;
use crate::diag::Span;
use crate::metadata::FieldKind;

impl<'a> Examiner<'a> {
    pub(super) fn order_by(
        &mut self,
        described: Option<Described<'a>>,
        order: Option<&Located<String>>,
    ) {
        let Some(order) = order else { return };
        let mut offset = 0;
        for part in order.value.split(',') {
            let span = place(order, offset, part);
            offset += part.len() + 1;
            let (name, direction) = match part.split_once(':') {
                Some((name, direction)) => (name.trim(), direction.trim()),
                None => (part.trim(), "ASC"),
            };
            // As other interfaces write it.
            if let Some(name) = name.strip_prefix('-') {
                let problem = invalid(format!("`-{name}` names no field"))
                    .at(span, "a sign before a name")
                    .help(format!("write `{name}:DESC`"));
                self.push_of(name, problem);
                continue;
            }
            // As SQL writes it.
            if let Some((name, direction)) = name.split_once(' ') {
                let problem = invalid(format!("`{name} {direction}` names no field"))
                    .at(span, "a blank in a name")
                    .help(format!("write `{name}:{}`", direction.trim()));
                self.push_of(name, problem);
                continue;
            }
            if !["ASC", "DESC"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(direction))
            {
                let problem = invalid(format!("`{direction}` is no direction"))
                    .at(span, "in this order")
                    .help(format!("write `{name}:ASC` or `{name}:DESC`"));
                self.push_of(name, problem);
            }
            let Some(described) = described else { continue };
            let Some(field) = self.readable(described, name, span) else {
                continue;
            };
            if matches!(field.kind, FieldKind::Link | FieldKind::Collection) {
                let problem = invalid(format!(
                    "records cannot be ordered by `{name}` of `{}`",
                    described.name
                ))
                .at(span, format!("is of type `{}`", field.kind.as_str()));
                self.push_of(name, problem);
            }
        }
    }
}

/// Where a part of the text stands, if it stands there as it is: without quotes, or between two of them.
fn place(order: &Located<String>, offset: usize, part: &str) -> Span {
    let whole = order.span;
    let quotes = whole.range().len().checked_sub(order.value.len());
    let before = match quotes {
        Some(0) => 0,
        Some(2) => 1,
        _ => return whole,
    };
    let blank = part.len() - part.trim_start().len();
    let start = whole.start() + before + offset + blank;
    whole.at(start..start + part.trim().len())
}
