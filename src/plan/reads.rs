//! A read step's arguments into what is asked: pages to walk, or one request.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::calls;
use crate::check::CheckedRead;
use crate::check::RenderedJudge;
use crate::diag::Located;
use crate::diag::Problem;
use crate::expr::Failure;
use crate::expr::Rendered;
use crate::expr::Scope;
use crate::expr::Tree;
use crate::playbook::FilterMethod;
use crate::wire::Filter;
use crate::wire::FilterForm;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::Read;
use crate::wire::RecordId;
use crate::wire::VALUES_AT_ONCE;
use crate::wire::is_dots;
use crate::wire::parts_of_order;

/// What is to be asked for one item of a read step.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadPlan {
    /// Nothing can be found, so nothing is asked.
    Nothing,
    /// Records, page by page to the end; more than one filter where a long `$in` is asked in parts.
    Walk {
        list: List,
        filters: Vec<Filter>,
        fields: Option<Vec<String>>,
        order_by: Option<String>,
        limit: Option<u64>,
    },
    /// One record.
    Record(Read),
    /// A number.
    Count(Vec<Read>),
    /// Whatever comes back, for `select` alone.
    Value(Read),
    /// Whatever comes back, and the records in it.
    Answer(Read),
}

impl ReadPlan {
    /// The one record that it asks for.
    pub fn about(&self) -> Option<(ModuleName, RecordId)> {
        match self {
            Self::Record(Read::Get { module, record, .. }) => {
                Some((module.clone(), record.clone()))
            }
            _ => None,
        }
    }
}

/// Where a list of records comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum List {
    Module {
        module: ModuleName,
        saved_filter: Option<String>,
        form: FilterForm,
    },
    Related {
        module: ModuleName,
        record: RecordId,
        link: LinkName,
    },
    Search {
        text: String,
        modules: Vec<ModuleName>,
    },
}

/// Why a read cannot be asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ReadRefusal {
    Expression(Failure),
    Invalid(String),
    Contradicted(Box<Problem>),
}

impl From<Failure> for ReadRefusal {
    fn from(failure: Failure) -> Self {
        Self::Expression(failure)
    }
}

pub(super) fn plan(
    judge: RenderedJudge<'_>,
    read: &CheckedRead,
    scope: &Scope,
) -> Result<ReadPlan, ReadRefusal> {
    let limits = &judge.checked.limits;
    let fields = judge.step.projection.to_fields();
    // The condition as it is asked, once metadata have nothing against it.
    let filters = |module: &ModuleName, through: Option<&LinkName>, condition: Option<&Tree>| {
        filters(condition, scope, |written, value| {
            judge.condition(module, through, written, value)
        })
    };
    Ok(match read {
        CheckedRead::List {
            module,
            order_by,
            limit,
        } => ReadPlan::Walk {
            list: List::Module {
                module: module.value.clone(),
                saved_filter: None,
                form: FilterForm::Post,
            },
            filters: vec![Filter::default()],
            fields: with_order(fields, order_by.as_ref(), *limit),
            order_by: order_by.as_ref().map(|order| order.value.clone()),
            limit: *limit,
        },
        CheckedRead::Filter {
            module,
            condition,
            saved_filter,
            method,
            order_by,
            limit,
        } => {
            let saved_filter = match saved_filter {
                Some(template) => Some(text_of(template.eval(scope)?, "saved_filter")?),
                None => None,
            };
            let form = match method {
                FilterMethod::Get => FilterForm::Get,
                FilterMethod::Post => FilterForm::Post,
            };
            match filters(&module.value, None, condition.as_ref())? {
                None => ReadPlan::Nothing,
                Some(Asked {
                    parts_of: Some(_), ..
                }) if order_by.is_some() && limit.is_some() => {
                    return Err(ReadRefusal::Invalid(format!(
                        "a list of more than {VALUES_AT_ONCE} values is asked in parts, of which the server cannot tell \
                         the first {}: leave `limit` out, and take them from what is found, as in \
                         `steps.X.records[:{}]`",
                        limit.unwrap_or_default(),
                        limit.unwrap_or_default()
                    )));
                }
                Some(Asked { filters, .. }) => ReadPlan::Walk {
                    list: List::Module {
                        module: module.value.clone(),
                        saved_filter,
                        form,
                    },
                    filters,
                    fields: with_order(fields, order_by.as_ref(), *limit),
                    order_by: order_by.as_ref().map(|order| order.value.clone()),
                    limit: *limit,
                },
            }
        }
        CheckedRead::Related {
            module,
            record,
            link,
            condition,
            limit,
        } => match filters(&module.value, Some(&link.value), condition.as_ref())? {
            None => ReadPlan::Nothing,
            Some(Asked { filters, .. }) => ReadPlan::Walk {
                list: List::Related {
                    module: module.value.clone(),
                    record: record_id(record, scope)?,
                    link: link.value.clone(),
                },
                filters,
                fields,
                order_by: None,
                limit: *limit,
            },
        },
        CheckedRead::Count { module, condition } => {
            match filters(&module.value, None, condition.as_ref())? {
                None => ReadPlan::Count(Vec::new()),
                Some(Asked {
                    parts_of: Some(field),
                    ..
                }) if field != "id" => {
                    return Err(ReadRefusal::Invalid(format!(
                        "a list of more than {VALUES_AT_ONCE} values is asked in parts, and a record may be found by two of \
                     them: read the records, with `filter` and `fields: [id]`, and use `steps.X.count`"
                    )));
                }
                Some(Asked { filters, .. }) => ReadPlan::Count(
                    filters
                        .into_iter()
                        .map(|filter| Read::Count {
                            module: module.value.clone(),
                            filter,
                        })
                        .collect(),
                ),
            }
        }
        CheckedRead::Get { module, record } => ReadPlan::Record(Read::Get {
            module: module.value.clone(),
            record: record_id(record, scope)?,
            fields,
        }),
        CheckedRead::Search {
            text,
            modules,
            limit,
        } => ReadPlan::Walk {
            list: List::Search {
                text: text_of(text.eval(scope)?, "search")?,
                modules: modules.iter().map(|module| module.value.clone()).collect(),
            },
            filters: vec![Filter::default()],
            fields,
            order_by: None,
            limit: *limit,
        },
        CheckedRead::Enum { module, field } => ReadPlan::Value(Read::Enum {
            module: module.value.clone(),
            field: field.value.clone(),
        }),
        CheckedRead::Metadata { modules } => ReadPlan::Value(Read::Metadata {
            sections: Vec::new(),
            modules: modules.iter().map(|module| module.value.clone()).collect(),
        }),
        CheckedRead::Me => ReadPlan::Record(Read::Me),
        CheckedRead::Ping => ReadPlan::Value(Read::Ping),
        CheckedRead::Call(call) => ReadPlan::Answer(Read::Raw {
            path: calls::path(call, limits, scope)?,
            query: calls::query(call, scope)?,
        }),
    })
}

/// The fields to fetch: with those that records are ordered by, where that may have to be done here.
fn with_order(
    fields: Option<Vec<String>>,
    order_by: Option<&Located<String>>,
    limit: Option<u64>,
) -> Option<Vec<String>> {
    let mut fields = fields?;
    if let (Some(order), None) = (order_by, limit) {
        for (name, _) in parts_of_order(&order.value) {
            if !fields.iter().any(|field| field == name) {
                fields.push(name.to_owned());
            }
        }
    }
    Some(fields)
}

pub(super) fn record_id(tree: &Tree, scope: &Scope) -> Result<RecordId, ReadRefusal> {
    let id = text_of(tree.eval(scope)?, "record")?;
    match is_dots(&id) {
        true => Err(ReadRefusal::Invalid(format!("`{id}` is no id of a record"))),
        false => Ok(RecordId::new(id)),
    }
}

pub(super) fn text_of(rendered: Rendered, what: &str) -> Result<String, ReadRefusal> {
    match rendered {
        Rendered::Value(Json::String(text)) if !text.is_empty() => Ok(text),
        Rendered::Value(Json::Number(number)) => Ok(number.to_string()),
        Rendered::Value(Json::Null | Json::String(_)) | Rendered::Omit => {
            Err(ReadRefusal::Invalid(format!("`{what}` is empty")))
        }
        Rendered::Value(other) => Err(ReadRefusal::Invalid(format!(
            "`{what}` is not text: {other}"
        ))),
    }
}

/// What is asked for one condition.
#[derive(Debug, Default)]
struct Asked {
    filters: Vec<Filter>,
    /// The field whose values are too many to be asked for at once.
    parts_of: Option<String>,
}

impl Asked {
    fn once(filter: Filter) -> Self {
        Self {
            filters: vec![filter],
            parts_of: None,
        }
    }
}

/// `None` where the condition can hold for nothing.
fn filters(
    condition: Option<&Tree>,
    scope: &Scope,
    judge: impl FnOnce(&Tree, &Json) -> Option<Problem>,
) -> Result<Option<Asked>, ReadRefusal> {
    let Some(condition) = condition else {
        return Ok(Some(Asked::once(Filter::default())));
    };
    let Rendered::Value(value) = condition.eval(scope)? else {
        return Ok(Some(Asked::once(Filter::default())));
    };
    if let Some(problem) = judge(condition, &value) {
        return Err(ReadRefusal::Contradicted(Box::new(problem)));
    }
    let conditions = conditions(value).map_err(ReadRefusal::Invalid)?;
    if conditions.iter().any(finds_nothing) {
        return Ok(None);
    }
    in_parts(conditions).map(Some).map_err(ReadRefusal::Invalid)
}

/// `where` as Sugar takes it: a map is one condition for each entry, and each operator a condition of its own, since
/// Sugar is not known to AND two operators under one field (fact sheet 3).
pub fn conditions(value: Json) -> Result<Vec<Json>, String> {
    match value {
        Json::Array(list) => Ok(list),
        Json::Object(map) => Ok(map
            .into_iter()
            .flat_map(|(field, condition)| split(field, condition))
            .collect()),
        other => Err(format!("`where` is neither a map nor a list: {other}")),
    }
}

fn split(field: String, condition: Json) -> Vec<Json> {
    match condition {
        Json::Object(operators) if operators.len() > 1 && !field.starts_with('$') => operators
            .into_iter()
            .map(|(operator, value)| json!({ field.clone(): { operator: value } }))
            .collect(),
        condition => vec![Json::Object(Map::from_iter([(field, condition)]))],
    }
}

fn in_values(condition: &Json) -> Option<(&String, &Vec<Json>)> {
    let (field, operators) = condition.as_object()?.iter().next()?;
    operators
        .get("$in")?
        .as_array()
        .map(|values| (field, values))
}

fn finds_nothing(condition: &Json) -> bool {
    in_values(condition).is_some_and(|(_, values)| values.is_empty())
}

/// How many values the longest `$in` below a condition has.
fn longest_in(condition: &Json) -> Option<usize> {
    match condition {
        Json::Array(list) => list.iter().filter_map(longest_in).max(),
        Json::Object(map) => map
            .iter()
            .filter_map(|(name, value)| match (name.as_str(), value) {
                ("$in", Json::Array(values)) => Some(values.len()),
                (_, value) => longest_in(value),
            })
            .max(),
        _ => None,
    }
}

/// Asks a long `$in` in parts, each value in one of them. Two of them would multiply, so the second is refused.
fn in_parts(mut conditions: Vec<Json>) -> Result<Asked, String> {
    let nested = conditions.iter().filter_map(Json::as_object).flatten();
    if let Some(values) = nested
        .filter(|(name, _)| name.starts_with('$'))
        .filter_map(|(_, inside)| longest_in(inside))
        .find(|values| *values > VALUES_AT_ONCE)
    {
        return Err(format!(
            "an `$in` inside another condition has {values} values, and more than {VALUES_AT_ONCE} can be asked only at \
             the top of `where`"
        ));
    }
    let long: Vec<usize> = conditions
        .iter()
        .enumerate()
        .filter(|(_, condition)| {
            in_values(condition).is_some_and(|(_, values)| values.len() > VALUES_AT_ONCE)
        })
        .map(|(place, _)| place)
        .collect();
    match long.as_slice() {
        [] => Ok(Asked::once(Filter::new(conditions))),
        [place] => {
            let condition = conditions.remove(*place);
            let Some((field, values)) = in_values(&condition) else {
                return Ok(Asked::once(Filter::new(conditions)));
            };
            let mut seen = BTreeSet::new();
            let values: Vec<&Json> = values
                .iter()
                .filter(|value| seen.insert(value.to_string()))
                .collect();
            let part = |values: &[&Json]| {
                Filter::new(conditions.clone()).and(json!({ field.clone(): { "$in": values } }))
            };
            let filters: Vec<Filter> = values.chunks(VALUES_AT_ONCE).map(part).collect();
            Ok(Asked {
                parts_of: (filters.len() > 1).then(|| field.clone()),
                filters,
            })
        }
        _ => Err(format!(
            "two `$in` with more than {VALUES_AT_ONCE} values cannot be asked at once; split the step"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_anded_and_operators_are_split() {
        let value =
            json!({ "name": "A", "age": { "$gte": 1, "$lt": 5 }, "$or": [{ "a": 1 }, { "b": 2 }] });
        assert_eq!(
            conditions(value).unwrap(),
            [
                json!({ "$or": [{ "a": 1 }, { "b": 2 }] }),
                json!({ "age": { "$gte": 1 } }),
                json!({ "age": { "$lt": 5 } }),
                json!({ "name": "A" }),
            ]
        );
        assert!(conditions(json!("x")).is_err());
    }

    #[test]
    fn long_lists_are_asked_in_parts() {
        let ids: Vec<u32> = (0..450).chain(0..450).collect();
        let asked = in_parts(vec![
            json!({ "name": "A" }),
            json!({ "id": { "$in": ids } }),
        ])
        .unwrap();
        assert_eq!(asked.parts_of.as_deref(), Some("id"));
        let filters = asked.filters;
        let sizes: Vec<usize> = filters
            .iter()
            .map(|filter| in_values(&filter.conditions()[1]).unwrap().1.len())
            .collect();
        assert_eq!(sizes, [200, 200, 50]);
        let ids: Vec<String> = (0..201).map(|n| n.to_string()).collect();
        let nested = in_parts(vec![json!({ "$or": [{ "id": { "$in": ids } }] })]);
        assert!(nested.is_err_and(|message| message.contains("201 values")));
        assert!(finds_nothing(&json!({ "id": { "$in": [] } })));
    }
}
