//! `order_by`: fields with a direction each.

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::invalid;
use crate::diag::Located;
use crate::metadata::FieldKind;

impl<'a> Examiner<'a> {
    pub(super) fn order_by(
        &mut self,
        described: Option<Described<'a>>,
        order: Option<&Located<String>>,
    ) {
        let Some(order) = order else { return };
        for part in order.value.split(',') {
            let (name, direction) = match part.split_once(':') {
                Some((name, direction)) => (name.trim(), direction.trim()),
                None => (part.trim(), "ASC"),
            };
            if !["ASC", "DESC"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(direction))
            {
                let problem = invalid(format!("`{direction}` is no direction"))
                    .at(order.span, "in this order")
                    .help(format!("write `{name}:ASC` or `{name}:DESC`"));
                self.push_of(name, problem);
            }
            let Some(described) = described else { continue };
            let Some(field) = self.readable(described, name, order.span) else {
                continue;
            };
            if matches!(field.kind, FieldKind::Link | FieldKind::Collection) {
                let problem = invalid(format!(
                    "records cannot be ordered by `{name}` of `{}`",
                    described.name
                ))
                .at(order.span, format!("is of type `{}`", field.kind.as_str()));
                self.push_of(name, problem);
            }
        }
    }
}
