//! Text search over the fields that a module marks with `unified_search`.

use serde_json::Value;
use serde_json::json;

use super::call::Call;
use super::context::Context;
use super::failure::Failure;
use super::fields::Selection;
use super::list;
use super::list::Page;
use super::list::Wanted;
use super::records;
use super::rights;
use super::rights::Action;
use super::schema::Module;
use super::schema::Place;
use super::schema::quoted;
use super::store::Sql;

/// The most words of a search; each is looked for in every searched field.
const WORDS: usize = 100;

/// Appends the condition that every word of the text occurs in some searched field.
pub(crate) fn push(
    cx: &Context<'_>,
    module: &Module,
    text: &str,
    sql: &mut Sql,
) -> Result<(), Failure> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() > WORDS {
        return Err(Failure::too_large(format!(
            "A search takes {WORDS} words at most."
        )));
    }
    for word in words {
        let pattern = format!(
            "%{}%",
            word.replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_")
        );
        sql.push(" AND (0");
        let searched = module.fields.values().filter(|field| field.searched);
        for field in searched.filter(|field| rights::readable(cx, module, &field.name).is_ok()) {
            match field.place {
                Place::Column => {
                    sql.push(&format!(" OR t.{} LIKE ", quoted(&field.name)));
                    sql.bind(pattern.clone()).push(" ESCAPE '\\'");
                }
                Place::Email(_) => {
                    sql.push(&format!(
                        " OR t.id IN (SELECT e.bean_id FROM email_addresses e WHERE e.bean_module = '{}' \
                         AND e.email_address LIKE ",
                        module.name
                    ));
                    sql.bind(pattern.clone()).push(" ESCAPE '\\')");
                }
                _ => {}
            }
        }
        sql.push(")");
    }
    Ok(())
}

/// `/globalsearch` and `/<module>/globalsearch`: the same with totals by module; without words, what changed last.
pub(crate) fn global(
    cx: &Context<'_>,
    module: Option<&str>,
    call: &Call,
) -> Result<Value, Failure> {
    let modules = match module {
        Some(module) => vec![rights::module(cx, module, Action::List)?],
        None => searched(cx, call)?,
    };
    let mut answer = over(cx, &modules, call)?;
    let mut totals = serde_json::Map::new();
    for module in modules {
        let text = call.words("q")?.unwrap_or_default();
        let total = list::total(cx, module, |sql| push(cx, module, text, sql))?;
        totals.insert(module.name.clone(), total.into());
    }
    answer["total"] = totals
        .values()
        .filter_map(Value::as_i64)
        .sum::<i64>()
        .into();
    answer["xmod_aggs"] = json!({ "modules": totals });
    Ok(answer)
}

/// `GET /search`: one list over several modules, each record with its module and a score.
pub(crate) fn search(cx: &Context<'_>, call: &Call) -> Result<Value, Failure> {
    over(cx, &searched(cx, call)?, call)
}

fn over(cx: &Context<'_>, modules: &[&Module], call: &Call) -> Result<Value, Failure> {
    call.fields()?;
    let text = call.words("q")?.unwrap_or_default();
    let page = Page::read(cx, call)?;
    let selection = Selection::read(call.argument("fields"))?;
    let mut found = Vec::new();
    // One page behind the wanted one, over all modules: the order between modules is by score.
    let enough = Page {
        size: page.offset.saturating_add(page.size).saturating_add(1),
        offset: 0,
    };
    for module in modules {
        let order = list::order(
            cx,
            module,
            call.words("order_by")?.or(Some("date_modified:DESC")),
        )?;
        let wanted = Wanted {
            selection: &selection,
            page: enough,
            order: &order,
        };
        let page = list::select(cx, module, Action::List, wanted, |sql| {
            push(cx, module, text, sql)?;
            for (flag, condition) in [("favorites", "$favorite"), ("my_items", "$owner")] {
                if call.flag(flag) {
                    super::filter::push(cx, module, &json!([{ condition: "" }]), sql)?;
                }
            }
            Ok(())
        })?;
        found.extend(
            page.records
                .iter()
                .map(|record| Value::Object(records::map(record))),
        );
    }
    for record in &mut found {
        let score = score(record, text);
        record["_search"] = json!({ "score": score });
    }
    found.sort_by(|left, right| {
        let score = |record: &Value| record["_search"]["score"].as_f64().unwrap_or(0.0);
        score(right).total_cmp(&score(left))
    });
    let next = page.next(found.len().saturating_sub(page.offset));
    let records: Vec<Value> = found
        .into_iter()
        .skip(page.offset)
        .take(page.size)
        .collect();
    Ok(json!({ "next_offset": next, "records": records }))
}

fn searched<'a>(cx: &'a Context<'_>, call: &Call) -> Result<Vec<&'a Module>, Failure> {
    if let Some(names) = call.words("module_list")? {
        let mut modules: Vec<&Module> = Vec::new();
        for name in names.split(',') {
            let module = cx.module(name.trim())?;
            if !modules.iter().any(|other| other.name == module.name) {
                modules.push(module);
            }
        }
        return Ok(modules);
    }
    let skipped = ["Users", "Teams", "Tags", "Emails"];
    Ok(cx
        .schema
        .modules
        .values()
        .filter(|module| !module.admin_only && !skipped.contains(&module.name.as_str()))
        .filter(|module| module.fields.values().any(|field| field.searched))
        .filter(|module| rights::module(cx, &module.name, Action::List).is_ok())
        .collect())
}

/// The name is worth more than other fields, an exact name most. Sugar's scores come from its search engine.
fn score(record: &Value, text: &str) -> f64 {
    let name = record["name"]
        .as_str()
        .or_else(|| record["full_name"].as_str())
        .unwrap_or_default();
    let (name, text) = (name.to_lowercase(), text.to_lowercase());
    if text.is_empty() {
        1.0
    } else if name == text {
        8.0
    } else if name.starts_with(&text) {
        4.0
    } else if name.contains(&text) {
        2.0
    } else {
        1.0
    }
}
