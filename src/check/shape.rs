//! What stands behind a step's name in a template: a list, a record, one value. Told without metadata, so that a name that
//! no result ever has is found whatever the instance is.

use super::advice::UNKNOWN_LABEL;
use super::advice::meant_label;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::expr::ITEM_ATTRIBUTES;
use crate::expr::Part;
use crate::expr::STEP_ATTRIBUTES;
use crate::playbook::Action;
use crate::playbook::Step;

pub(super) const UNKNOWN_RESULT: Code = Code("unknown_result");
pub(super) const KEYED_BY_NUMBER: Code = Code("keyed_by_number");

/// What decides which results a step has. It is known of all steps before the first of them is compiled, so that a step's
/// names can be looked at as soon as they are compiled, wherever the steps stand that they lead to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outline {
    pub(super) has_items: bool,
    pub(super) has_key: bool,
    has_select: bool,
    pub(super) kind: Kind,
    verb: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Export,
    /// It writes, or asserts something.
    Other,
}

impl Outline {
    pub(super) fn of(step: &Step) -> Self {
        Self {
            has_items: step.for_each.is_some(),
            has_key: step.key.is_some(),
            has_select: step.select.is_some(),
            kind: match &step.action {
                Action::Export(_) => Kind::Export,
                Action::Assert(_) => Kind::Other,
                action if action.is_write() => Kind::Other,
                _ => Kind::Read,
            },
            verb: step.action.verb(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Step(Outline),
    /// The results of all items.
    Items(Outline),
    Keyed(Outline),
    Item(Outline),
    Records,
    Record,
    /// What `group` makes of a list.
    Groups(Members),
    Group(Members),
    /// What `batch` and `slice` make of records.
    Batches,
    Ids,
    /// What a JSONPath found.
    Selected,
    /// How often each label was there.
    Labels,
    /// One value, by the attribute that gives it.
    Value(&'static str),
    /// A field's value, or anything else that is not known here.
    Unseen,
}

/// What stands together in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Members {
    Records,
    Unseen,
}

impl Shape {
    /// What a part behind it leads to. `own` is the step as the playbook calls it.
    pub(super) fn follow(self, part: &Part, own: &str) -> Result<Self, Problem> {
        let name = match (part, self) {
            (Part::Name(name), _) => Some(name.as_str()),
            (Part::Index, _) => None,
            (Part::Groups, Self::Records) => return Ok(Self::Groups(Members::Records)),
            (Part::Groups, _) => return Ok(Self::Groups(Members::Unseen)),
            (Part::Batches, Self::Records) => return Ok(Self::Batches),
            (Part::Batches, _) => return Ok(Self::Unseen),
        };
        Ok(match (self, name) {
            (Self::Step(step), Some(name)) => return of_step(step, name, own),
            (Self::Items(_), Some(name)) => return Err(of_list("items", name, own)),
            (Self::Items(step), None) => Self::Item(step),
            (Self::Keyed(step), name) => return by_key(step, name, own),
            (Self::Item(step), Some(name)) => return of_item(step, name, own),
            (Self::Records, Some(name)) => return Err(of_list("records", name, own)),
            (Self::Records, None) => Self::Record,
            (Self::Groups(_), Some(name)) => return Err(of_several("groups", name)),
            (Self::Groups(members), None) => Self::Group(members),
            (Self::Group(members), Some(name)) => return of_group(members, name),
            (Self::Batches, Some(name)) => return Err(of_several("lists", name)),
            (Self::Batches, None) => Self::Records,
            (Self::Ids, Some(name)) => return Err(of_list("ids", name, own)),
            (Self::Ids, None) => Self::Value("id"),
            (Self::Selected, Some(name)) => return Err(of_list("selected", name, own)),
            (Self::Labels, Some(name)) => return of_labels(name),
            (Self::Value(value), Some(name)) => return Err(of_value(value, name, own)),
            (
                Self::Step(_)
                | Self::Item(_)
                | Self::Record
                | Self::Group(_)
                | Self::Labels
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
            Self::Groups(members) => Self::Group(members),
            Self::Batches => Self::Records,
            Self::Step(_)
            | Self::Keyed(_)
            | Self::Item(_)
            | Self::Record
            | Self::Group(_)
            | Self::Labels
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
            Self::Group(_) => Some("one group, of a `key` and `records`"),
            Self::Value("id") => Some("one id"),
            Self::Value(_) => Some("one value"),
            Self::Items(_)
            | Self::Keyed(_)
            | Self::Records
            | Self::Groups(_)
            | Self::Batches
            | Self::Ids
            | Self::Labels
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
            Self::Groups(_) | Self::Batches => Some((
                "a list of lists",
                "go through one of them: `[0].records` of groups, `[0]` of batches",
            )),
            Self::Group(_) => Some((
                "a whole group",
                "take one of its `records`: `item.records[0].id`",
            )),
            Self::Record | Self::Item(_) => Some(("a whole record", "write `.id` behind it")),
            Self::Step(_) => Some((
                "the whole result of a step",
                "write `.id` behind it, or `.first.id`",
            )),
            Self::Value("count" | "failed" | "outcome") => {
                Some(("no id", "write `.id` in its place"))
            }
            Self::Keyed(_) | Self::Labels | Self::Value(_) | Self::Unseen => None,
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

fn of_step(step: Outline, name: &str, own: &str) -> Result<Shape, Problem> {
    Ok(match name {
        "items" if !step.has_items => {
            let instead = match step.kind {
                Kind::Read => "records",
                Kind::Export | Kind::Other => "first",
            };
            return Err(no_items(own, "`items`").help(format!(
                "write `steps.{own}.{instead}`; `items` are of a step with `for_each`"
            )));
        }
        "by_key" if !step.has_items && !step.has_key => {
            let problem = Problem::error(
                UNKNOWN_RESULT,
                format!("`{own}` has no `key`, so nothing of it can be found by one"),
            );
            return Err(problem.help(match step.kind {
                Kind::Read => format!(
                    "give `{own}` a `key`, such as `key: \"{{{{ item.id }}}}\"`, or search: `lookup(steps.{own}, \
                     'name', …)`"
                ),
                Kind::Export | Kind::Other => format!("write `steps.{own}.first`"),
            }));
        }
        "items" => Shape::Items(step),
        "by_key" => Shape::Keyed(step),
        "records" => Shape::Records,
        "ids" => Shape::Ids,
        "selected" if !step.has_select => {
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
        "labels" => Shape::Labels,
        _ => return Err(unknown(own, name)),
    })
}

fn of_item(step: Outline, name: &str, own: &str) -> Result<Shape, Problem> {
    Ok(match name {
        "records" => Shape::Records,
        "ids" => Shape::Ids,
        "first" => Shape::Record,
        "id" => Shape::Value("id"),
        "count" => Shape::Value("count"),
        "outcome" => Shape::Value("outcome"),
        "failed" => Shape::Value("failed"),
        "labels" => Shape::Labels,
        "source" | "key" => Shape::Unseen,
        "selected" => Shape::Selected,
        _ if gives_one_record(step.verb) => Shape::Unseen,
        _ => {
            let known = ITEM_ATTRIBUTES.iter().copied();
            return Err(Problem::error(
                UNKNOWN_RESULT,
                format!("an item's result of `{own}` has no `{name}`"),
            )
            .help(did_you_mean(name, known.clone()).unwrap_or_else(|| {
                let listed = all_of(known);
                match step.kind {
                    Kind::Read => {
                        format!("it has {listed}; a field is of a record: `.first.{name}`")
                    }
                    Kind::Export | Kind::Other => {
                        format!("it has {listed}; what it was made from is `.source`")
                    }
                }
            })));
        }
    })
}

fn by_key(step: Outline, name: Option<&str>, own: &str) -> Result<Shape, Problem> {
    if !step.has_items {
        return Ok(match step.kind {
            Kind::Read => Shape::Record,
            Kind::Export | Kind::Other => Shape::Item(step),
        });
    }
    if !step.has_key && name.is_some_and(|name| name.parse::<u64>().is_err()) {
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

/// Labels of Sugar's are open, since modules bring their own; one that is nearly a known one is a slip.
fn of_labels(name: &str) -> Result<Shape, Problem> {
    match meant_label(name) {
        Some(meant) => Err(Problem::warning(
            UNKNOWN_LABEL,
            format!("no label is known as `{name}`"),
        )
        .help(meant)),
        None => Ok(Shape::Unseen),
    }
}

/// Of groups or batches, which are of no step alone.
fn of_several(what: &str, name: &str) -> Problem {
    let problem = Problem::error(
        UNKNOWN_RESULT,
        format!("this is a list of {what}, which has no `{name}`"),
    );
    problem.help("go through it with `for_each`, or take one: `[0]`")
}

fn of_group(members: Members, name: &str) -> Result<Shape, Problem> {
    const KNOWN: [&str; 2] = ["key", "records"];
    match (name, members) {
        ("records", Members::Records) => Ok(Shape::Records),
        ("key", _) | ("records", Members::Unseen) => Ok(Shape::Unseen),
        _ => Err(
            Problem::error(UNKNOWN_RESULT, format!("a group has no `{name}`")).help(
                did_you_mean(name, KNOWN).unwrap_or_else(|| {
                    format!(
                        "it has `key`, the value by which it was made, and `records`; a field is of one of these: `.records[0].{name}`"
                    )
                }),
            ),
        ),
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
pub(super) fn gives_one_record(verb: &str) -> bool {
    matches!(verb, "get" | "me" | "call" | "create" | "update" | "upsert")
}
