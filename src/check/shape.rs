//! What stands behind a step's name in a template: a list, a record, one value. Told without metadata, so that a name that
//! no result ever has is found whatever the instance is.

use super::CheckedAction;
use super::CheckedRead;
use super::CheckedStep;
use super::CheckedWrite;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::expr::ITEM_ATTRIBUTES;
use crate::expr::Part;
use crate::expr::STEP_ATTRIBUTES;

pub(super) const UNKNOWN_RESULT: Code = Code("unknown_result");
pub(super) const KEYED_BY_NUMBER: Code = Code("keyed_by_number");

#[derive(Debug, Clone, Copy)]
pub(super) enum Shape<'a> {
    Step(&'a CheckedStep),
    /// The results of all items.
    Items(&'a CheckedStep),
    Keyed(&'a CheckedStep),
    Item(&'a CheckedStep),
    Records,
    Record,
    Ids,
    /// What a JSONPath found.
    Selected,
    /// One value, by the attribute that gives it.
    Value(&'static str),
    /// A field's value, or anything else that is not known here.
    Unseen,
}

impl Shape<'_> {
    /// What a part behind it leads to. `own` is the step as the playbook calls it.
    pub(super) fn follow(self, part: &Part, own: &str) -> Result<Self, Problem> {
        let name = match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Index => None,
        };
        Ok(match (self, name) {
            (Self::Step(step), Some(name)) => return of_step(step, name, own),
            (Self::Items(_), Some(name)) => return Err(of_list("items", name, own)),
            (Self::Items(step), None) => Self::Item(step),
            (Self::Keyed(step), name) => return by_key(step, name, own),
            (Self::Item(step), Some(name)) => return of_item(step, name, own),
            (Self::Records, Some(name)) => return Err(of_list("records", name, own)),
            (Self::Records, None) => Self::Record,
            (Self::Ids, Some(name)) => return Err(of_list("ids", name, own)),
            (Self::Ids, None) => Self::Value("id"),
            (Self::Selected, Some(name)) => return Err(of_list("selected", name, own)),
            (Self::Value(value), Some(name)) => return Err(of_value(value, name, own)),
            (
                Self::Step(_)
                | Self::Item(_)
                | Self::Record
                | Self::Selected
                | Self::Value(_)
                | Self::Unseen,
                _,
            ) => Self::Unseen,
        })
    }

    /// What an item is of a step that goes through this.
    pub(super) fn item(self) -> Self {
        match self {
            Self::Items(step) => Self::Item(step),
            Self::Records => Self::Record,
            Self::Ids => Self::Value("id"),
            Self::Step(_)
            | Self::Keyed(_)
            | Self::Item(_)
            | Self::Record
            | Self::Selected
            | Self::Value(_)
            | Self::Unseen => Self::Unseen,
        }
    }

    /// In words, where it is known to be no list.
    pub(super) fn not_a_list(self) -> Option<&'static str> {
        match self {
            Self::Step(_) => Some("the whole result of a step"),
            Self::Item(_) => Some("the result of one item"),
            Self::Record => Some("one record"),
            Self::Value("id") => Some("one id"),
            Self::Value(_) => Some("one value"),
            Self::Items(_)
            | Self::Keyed(_)
            | Self::Records
            | Self::Ids
            | Self::Selected
            | Self::Unseen => None,
        }
    }

    /// In words, where it is known not to be one id, and what would be.
    pub(super) fn not_one_id(self) -> Option<(&'static str, &'static str)> {
        const EACH: &str = "go through them: `for_each: \"{{ … }}\"`, and write `\"{{ item.id }}\"`, or take the first: \
                            `.first.id`";
        match self {
            Self::Records => Some(("all records", EACH)),
            Self::Items(_) => Some(("the results of all items", EACH)),
            Self::Ids => Some((
                "all ids",
                "go through the records: `for_each: \"{{ steps.X.records }}\"`, and write `\"{{ item.id }}\"`",
            )),
            Self::Selected => Some(("a list", EACH)),
            Self::Record | Self::Item(_) => Some(("a whole record", "write `.id` behind it")),
            Self::Step(_) => Some((
                "the whole result of a step",
                "write `.id` behind it, or `.first.id`",
            )),
            Self::Value("count" | "failed" | "outcome") => {
                Some(("no id", "write `.id` in its place"))
            }
            Self::Keyed(_) | Self::Value(_) | Self::Unseen => None,
        }
    }

    /// In words, where it is known to be neither an id nor a list of ids, and what would be.
    pub(super) fn not_ids(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Records | Self::Items(_) => {
                Some(("records, not their ids", "write `.ids` in its place"))
            }
            Self::Ids | Self::Selected => None,
            other => other.not_one_id(),
        }
    }
}

fn of_step<'a>(step: &'a CheckedStep, name: &str, own: &str) -> Result<Shape<'a>, Problem> {
    Ok(match name {
        "items" if step.items.is_none() => {
            let instead = match step.action {
                CheckedAction::Read(_) => "records",
                _ => "first",
            };
            return Err(no_items(own, "`items`").help(format!(
                "write `steps.{own}.{instead}`; `items` are of a step with `for_each`"
            )));
        }
        "by_key" if step.items.is_none() && step.key.is_none() => {
            let problem = Problem::error(
                UNKNOWN_RESULT,
                format!("`{own}` has no `key`, so nothing of it can be found by one"),
            );
            return Err(problem.help(match step.action {
                CheckedAction::Read(_) => format!(
                    "give `{own}` a `key`, such as `key: \"{{{{ item.id }}}}\"`, or search: `lookup(steps.{own}, \
                     'name', …)`"
                ),
                _ => format!("write `steps.{own}.first`"),
            }));
        }
        "items" => Shape::Items(step),
        "by_key" => Shape::Keyed(step),
        "records" => Shape::Records,
        "ids" => Shape::Ids,
        "selected" if step.select.is_none() => {
            return Err(Problem::error(
                UNKNOWN_RESULT,
                format!("`{own}` has no `select`, so nothing is `selected`"),
            )
            .help(format!(
                "give `{own}` a `select`, such as `select: \"$.records[*].id\"`"
            )));
        }
        "selected" => Shape::Selected,
        "first" => Shape::Record,
        "id" => Shape::Value("id"),
        "count" => Shape::Value("count"),
        "outcome" => Shape::Value("outcome"),
        "failed" => Shape::Value("failed"),
        "labels" => Shape::Unseen,
        _ => return Err(unknown(own, name)),
    })
}

fn of_item<'a>(step: &'a CheckedStep, name: &str, own: &str) -> Result<Shape<'a>, Problem> {
    Ok(match name {
        "records" => Shape::Records,
        "ids" => Shape::Ids,
        "first" => Shape::Record,
        "id" => Shape::Value("id"),
        "count" => Shape::Value("count"),
        "outcome" => Shape::Value("outcome"),
        "failed" => Shape::Value("failed"),
        "labels" | "source" | "key" => Shape::Unseen,
        "selected" => Shape::Selected,
        _ if gives_one_record(step) => Shape::Unseen,
        _ => {
            let known = ITEM_ATTRIBUTES.iter().copied();
            return Err(Problem::error(
                UNKNOWN_RESULT,
                format!("an item's result of `{own}` has no `{name}`"),
            )
            .help(did_you_mean(name, known.clone()).unwrap_or_else(|| {
                let listed = all_of(known);
                match &step.action {
                    CheckedAction::Read(_) => {
                        format!("it has {listed}; a field is of a record: `.first.{name}`")
                    }
                    _ => format!("it has {listed}; what it was made from is `.source`"),
                }
            })));
        }
    })
}

fn by_key<'a>(step: &'a CheckedStep, name: Option<&str>, own: &str) -> Result<Shape<'a>, Problem> {
    let is_read = matches!(step.action, CheckedAction::Read(_));
    if step.items.is_none() {
        return Ok(match is_read {
            true => Shape::Record,
            false => Shape::Item(step),
        });
    }
    if step.key.is_none() && name.is_some_and(|name| name.parse::<u64>().is_err()) {
        return Err(Problem::error(
            KEYED_BY_NUMBER,
            format!("`{own}` has no `key`, so its items are found only by their number from 0"),
        )
        .help(give_key(own)));
    }
    Ok(Shape::Item(step))
}

/// What to write where items are looked for by a key that they do not have.
pub(super) fn give_key(own: &str) -> String {
    format!("give `{own}` a `key`, such as `key: \"{{{{ item.code }}}}\"`")
}

fn of_list(list: &str, name: &str, own: &str) -> Problem {
    let problem = Problem::error(
        UNKNOWN_RESULT,
        format!("`{list}` of `{own}` is a list, which has no `{name}`"),
    );
    match list {
        "records" => problem.help(format!(
            "one record has it: `steps.{own}.first.{name}`, or `item.{name}` in a step with `for_each: \"{{{{ \
             steps.{own}.records }}}}\"`"
        )),
        "items" => problem.help(format!(
            "one of them may have it: `item.{name}` in a step with `for_each: \"{{{{ steps.{own}.items }}}}\"`"
        )),
        _ => problem.help("go through it with `for_each`, or take one: `[0]`"),
    }
}

fn of_value(value: &str, name: &str, own: &str) -> Problem {
    let problem = Problem::error(
        UNKNOWN_RESULT,
        format!("`{value}` of `{own}` is one value, which has no `{name}`"),
    );
    match value {
        "id" => problem.help("write it alone; fields are of a record: `.first`"),
        _ => problem.help("write it alone"),
    }
}

fn no_items(own: &str, what: &str) -> Problem {
    Problem::error(
        UNKNOWN_RESULT,
        format!("`{own}` has no `for_each`, so it has no {what}"),
    )
}

fn unknown(own: &str, attribute: &str) -> Problem {
    let help = if ITEM_ATTRIBUTES.contains(&attribute) {
        format!(
            "`{attribute}` is of one item: write `steps.{own}.items[0].{attribute}` or use `for_each`"
        )
    } else {
        did_you_mean(attribute, STEP_ATTRIBUTES.iter().copied()).unwrap_or_else(|| {
            format!(
                "a step has {}; a field is of a record: `steps.{own}.first.{attribute}`",
                all_of(STEP_ATTRIBUTES.iter().copied())
            )
        })
    };
    Problem::error(
        UNKNOWN_RESULT,
        format!("a step's result has no `{attribute}`"),
    )
    .help(help)
}

/// Verbs whose item results have the record's fields straight on them. What a call answers, nobody
/// knows; where it is a record, it is treated as one.
pub(super) fn gives_one_record(step: &CheckedStep) -> bool {
    matches!(
        step.action,
        CheckedAction::Read(CheckedRead::Get { .. } | CheckedRead::Me | CheckedRead::Call(_))
            | CheckedAction::Write(
                CheckedWrite::Create { .. }
                    | CheckedWrite::Update { .. }
                    | CheckedWrite::Upsert { .. }
                    | CheckedWrite::UpsertByKey { .. }
                    | CheckedWrite::Call { .. }
            )
    )
}
