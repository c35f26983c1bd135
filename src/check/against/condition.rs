//! `where`: Sugar's filter language against the fields of a module.

use serde_json::Value as Json;

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::invalid;
use super::examiner::not_found;
use super::examiner::warned;
use super::operators;
use super::operators::COMBINATIONS;
use super::operators::MACROS;
use super::operators::Operator;
use super::operators::PERIODS;
use super::operators::Suits;
use super::operators::Takes;
use super::values::Ask;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::did_you_mean;
use crate::diag::one_of;
use crate::expr::Tree;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::wire::VALUES_AT_ONCE;

/// A field that a condition is about, and the module it is in.
#[derive(Clone, Copy)]
struct Target<'a> {
    described: Described<'a>,
    field: &'a Field,
}

/// Whether a condition stands at the top of `where`, or inside `$and`, `$or` or the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Top,
    Inside,
}

impl<'a> Examiner<'a> {
    pub(super) fn where_holds(
        &mut self,
        described: Option<Described<'a>>,
        condition: Option<&'a Tree>,
    ) {
        if let Some(condition) = condition {
            self.conditions(described, condition);
            self.long_lists(condition, Depth::Top);
        }
    }

    /// Operators are judged even where the module is not described; its fields only where it is.
    pub(super) fn conditions(&mut self, described: Option<Described<'a>>, tree: &'a Tree) {
        if let Some(list) = tree.list() {
            for condition in list {
                self.conditions(described, condition);
            }
        } else if let Some(entries) = tree.map() {
            for (name, value) in entries {
                if name.value.starts_with('$') {
                    self.combination(described, name, value);
                } else if let Some(meant) = combination_without_sign(described, name, value) {
                    let problem = invalid(format!("there is no condition `{}`", name.value))
                        .at(name.span, "not known")
                        .help(format!("did you mean `{meant}`?"));
                    self.push(problem);
                    self.conditions(described, value);
                } else {
                    self.on_field(described, name, value);
                }
            }
        } else if tree.template().is_none() {
            let problem = invalid("a condition is a map from a field to what it must be")
                .at(tree.span, "is no condition")
                .help("write `{ status: New }` or `{ status: { $in: [New, Assigned] } }`");
            self.push(problem);
        }
    }

    /// A long `$in` is asked in parts, which only a condition that every record has to meet can be.
    fn long_lists(&mut self, tree: &'a Tree, depth: Depth) {
        for condition in tree.list().unwrap_or_default() {
            self.long_lists(condition, depth);
        }
        for (name, value) in tree.map().unwrap_or_default() {
            let values = value.list().map_or(0, <[Tree]>::len);
            if name.value == "$in" && depth == Depth::Inside && values > VALUES_AT_ONCE {
                let problem = invalid(format!(
                    "{values} values under an `$in` that stands inside another condition"
                ))
                .at(name.span, format!("more than {VALUES_AT_ONCE}"))
                .help(
                    "put it at the top of `where`, where a long list is asked in parts, or make a step for each part",
                );
                self.push(problem);
            }
            let inside = match COMBINATIONS.contains(&name.value.as_str()) {
                true => Depth::Inside,
                false => depth,
            };
            self.long_lists(value, inside);
        }
    }

    fn combination(
        &mut self,
        described: Option<Described<'a>>,
        name: &Located<String>,
        value: &'a Tree,
    ) {
        let text = name.value.as_str();
        if COMBINATIONS.contains(&text) {
            if value.list().is_some() || value.template().is_some() {
                self.conditions(described, value);
            } else {
                let problem = invalid(format!("`{text}` takes a list of conditions"))
                    .at(value.span, "is no list")
                    .help(format!("write `{text}: [{{ … }}, {{ … }}]`"));
                self.push(problem);
            }
        } else if operators::find(text).is_some() {
            let problem = invalid(format!("`{text}` stands under a field"))
                .at(name.span, "stands in a field's place")
                .help(format!("write `{{ FIELD: {{ {text}: … }} }}`"));
            self.push(problem);
        } else if !MACROS.contains(&text) {
            let known = COMBINATIONS.iter().chain(MACROS).copied();
            let problem =
                invalid(format!("there is no condition `{text}`"))
                    .at(name.span, "not known")
                    .help(did_you_mean(text, known.clone()).unwrap_or_else(|| {
                        format!("in a field's place can stand {}", one_of(known))
                    }));
            self.push(problem);
        }
    }

    fn on_field(
        &mut self,
        described: Option<Described<'a>>,
        name: &Located<String>,
        value: &'a Tree,
    ) {
        let target = described.and_then(|described| self.target(described, name, &name.value));
        if let Some(entries) = value.map() {
            if entries.is_empty() {
                let problem = invalid(format!("`{}` is compared with nothing", name.value))
                    .at(value.span, "no operator in it")
                    .help(format!(
                        "write `{name}: VALUE` or `{name}: {{ $in: […] }}`",
                        name = name.value
                    ));
                self.push_of(&name.value, problem);
            }
            for (operator, value) in entries {
                self.operator(target, name, operator, value);
            }
        } else if let Some(list) = value.list() {
            self.listed_operators(name, value, list);
        } else if let Some(target) = target {
            self.compared(target, name, value, Ask::Compared);
        }
    }

    /// A field, or `link.field`.
    fn target(
        &mut self,
        described: Described<'a>,
        name: &Located<String>,
        path: &str,
    ) -> Option<Target<'a>> {
        let Some((link, rest)) = path.split_once('.') else {
            let field = self.readable(described, path, name.span)?;
            if field.kind == FieldKind::Link {
                let problem = invalid(format!("`{path}` of `{}` is a link", described.name))
                    .at(name.span, "a condition is on a field")
                    .help(format!(
                        "write `{path}.FIELD` for a field of the records it leads to"
                    ));
                self.push_of(path, problem);
                return None;
            }
            return Some(Target { described, field });
        };
        if link.contains("{{") {
            return None;
        }
        if described.module.link(link).is_none() {
            let (label, help) = self.instead_of_link(described, link);
            let problem = not_found(format!("`{}` has no link `{link}`", described.name))
                .at(name.span, label)
                .help_if(help);
            self.push_of(path, problem);
            return None;
        }
        let far = self.metadata.far_module(described.name, link)?;
        let far = self.described(far)?;
        self.target(far, name, rest)
    }

    fn operator(
        &mut self,
        target: Option<Target<'a>>,
        field: &Located<String>,
        name: &Located<String>,
        value: &'a Tree,
    ) {
        let Some(operator) = operators::find(&name.value) else {
            let problem = unknown_operator(&name.value).at(name.span, "not known");
            self.push_of(&field.value, problem);
            return;
        };
        let Some(target) = target else { return };
        if !operator.suits.fits(&target.field.kind) {
            let problem = invalid(format!(
                "`{}` is for {}, and `{}` is of type `{}`",
                operator.name,
                operator.suits.wanted(),
                field.value,
                target.field.kind.as_str()
            ))
            .at(name.span, "does not suit the field")
            .help_if(better(operator, &target.field.kind));
            self.push_of(&field.value, problem);
            return;
        }
        self.operand(target, field, operator, value);
    }

    fn operand(
        &mut self,
        target: Target<'a>,
        field: &Located<String>,
        operator: Operator,
        value: &'a Tree,
    ) {
        if value.template().is_some() {
            return;
        }
        let ask = match operator.suits {
            Suits::Ordered => Ask::Ordered,
            Suits::All | Suits::Text | Suits::TextOrList | Suits::Dates => Ask::Compared,
        };
        match operator.takes {
            Takes::Nothing | Takes::Place => {}
            Takes::Value => self.compared(target, field, value, ask),
            Takes::Values => match value.list() {
                Some(list) => list
                    .iter()
                    .for_each(|value| self.compared(target, field, value, ask)),
                None => self.wants(field, operator, value, "a list", "[…]"),
            },
            Takes::Range => match value.list() {
                Some([low, high]) => {
                    self.compared(target, field, low, ask);
                    self.compared(target, field, high, ask);
                }
                _ => self.wants(
                    field,
                    operator,
                    value,
                    "a list of two values",
                    "[LOW, HIGH]",
                ),
            },
            Takes::Days => match value.list() {
                Some([first, last]) => {
                    let day = Field::new(target.field.name.clone(), FieldKind::Date);
                    self.literal(target.described, &day, &field.value, first, Ask::Compared);
                    self.literal(target.described, &day, &field.value, last, Ask::Compared);
                }
                _ => self.wants(
                    field,
                    operator,
                    value,
                    "a list of two days",
                    "[2026-01-01, 2026-01-31]",
                ),
            },
            Takes::Part => {
                let several = matches!(target.field.kind, FieldKind::MultiEnum | FieldKind::Tag);
                match value.list() {
                    Some(list) if several => list
                        .iter()
                        .for_each(|value| self.compared(target, field, value, ask)),
                    Some(_) => self.wants(field, operator, value, "a text", "…"),
                    None if several => self.compared(target, field, value, ask),
                    None => {}
                }
            }
            Takes::Period => self.period(field, value),
        }
    }

    fn compared(&mut self, target: Target<'a>, name: &Located<String>, value: &'a Tree, ask: Ask) {
        self.literal(target.described, target.field, &name.value, value, ask);
    }

    /// Not all names of periods are published, so an unknown one is only warned of.
    fn period(&mut self, field: &Located<String>, value: &Tree) {
        let name = value.scalar().and_then(Json::as_str);
        let Some(name) = name.filter(|name| !PERIODS.contains(name)) else {
            return;
        };
        let problem = invalid(format!("`{name}` is no period that is known"))
            .at(value.span, "not known")
            .help(
                did_you_mean(name, PERIODS.iter().copied())
                    .unwrap_or_else(|| format!("known are {}", one_of(PERIODS.iter().copied()))),
            );
        self.push_of(&field.value, warned(problem));
    }

    /// `[$is_null]` is a way to write an operator without a value; any other list is a forgotten `$in`.
    fn listed_operators(&mut self, field: &Located<String>, value: &Tree, list: &[Tree]) {
        let is_operator = |item: &Tree| {
            let name = item.scalar().and_then(Json::as_str);
            name.and_then(operators::find)
                .is_some_and(|operator| operator.takes == Takes::Nothing)
        };
        if list.iter().all(is_operator) && !list.is_empty() {
            return;
        }
        let name = &field.value;
        let problem = invalid(format!(
            "a list stands under `$in`, not under `{name}` itself"
        ))
        .at(value.span, "is a list")
        .help(format!("write `{name}: {{ $in: […] }}`"));
        self.push_of(name, problem);
    }

    fn wants(
        &mut self,
        field: &Located<String>,
        operator: Operator,
        value: &Tree,
        wanted: &str,
        example: &str,
    ) {
        let problem = invalid(format!("`{}` takes {wanted}", operator.name))
            .at(value.span, format!("is not {wanted}"))
            .help(format!("write `{}: {example}`", operator.name));
        self.push_of(&field.value, problem);
    }
}

/// `or: […]`, where no field is called so.
fn combination_without_sign(
    described: Option<Described<'_>>,
    name: &Located<String>,
    value: &Tree,
) -> Option<&'static str> {
    value.list()?;
    let is_field = described.is_some_and(|described| described.module.field(&name.value).is_some());
    let mut known = COMBINATIONS.iter().filter(|_| !is_field);
    known
        .find(|known| known[1..].eq_ignore_ascii_case(&name.value))
        .copied()
}

fn unknown_operator(name: &str) -> Problem {
    let problem = invalid(format!("there is no operator `{name}`"));
    if let Some(ours) = operators::translated(name) {
        return problem.help(format!("Sugar writes it `{ours}`"));
    }
    if MACROS.contains(&name) || COMBINATIONS.contains(&name) {
        return problem.help(format!("`{name}` stands in a field's place"));
    }
    // `in` for `$in`, and slips.
    let with_sign = format!("${}", name.trim_start_matches('$'));
    problem.help_if(did_you_mean(&with_sign, operators::names()))
}

/// The operator that does for a field what the unsuitable one was meant to.
fn better(operator: Operator, kind: &FieldKind) -> Option<String> {
    match (operator.takes, kind) {
        (Takes::Part, FieldKind::Date | FieldKind::DateTime) => Some(
            "for a stretch of time write `$gte` and `$lt`, `$dateBetween` or `$dateRange`".into(),
        ),
        (Takes::Part, FieldKind::MultiEnum) => Some("write `$contains`".into()),
        (Takes::Part, _) => Some("write the value itself, or `$in`".into()),
        (Takes::Days | Takes::Period, _) => Some("for an interval write `$between`".into()),
        (Takes::Value | Takes::Range, FieldKind::Bool) => {
            Some("write `true` or `false` itself".into())
        }
        _ => None,
    }
}
