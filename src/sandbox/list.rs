//! Lists of records: filter, order, page, fields; of a module and of a link.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::answer::Records;
use super::call::Call;
use super::context::Context;
use super::failure::Failure;
use super::fields::Selection;
use super::filter;
use super::links;
use super::records;
use super::rights;
use super::rights::Action;
use super::rights::Reach;
use super::schema::Link;
use super::schema::Module;
use super::schema::quoted;
use super::store::Projection;
use super::store::Sql;
use super::store::expression;

/// Which records a list is about, before any filter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    Module,
    Related {
        near: &'a Module,
        id: &'a str,
        link: &'a Link,
    },
}

/// How many records, from where (fact sheet 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) size: usize,
    pub(crate) offset: usize,
}

const DEFAULT_PAGE: usize = 20;

impl Page {
    pub(crate) fn read(cx: &Context<'_>, call: &Call) -> Result<Self, Failure> {
        let size = match call.number("max_num")? {
            Some(size) if size > 0 => usize::try_from(size).unwrap_or(usize::MAX),
            // What -1 means is not documented; the sandbox gives the largest page.
            Some(size) if size < 0 => usize::MAX,
            _ => DEFAULT_PAGE,
        };
        let offset = call.number("offset")?.unwrap_or(0).max(0);
        Ok(Self {
            size: size.min(cx.settings.limits.page),
            offset: usize::try_from(offset).unwrap_or(usize::MAX >> 1),
        })
    }

    /// The `next_offset` of an answer that found one record more than the page takes, or did not.
    pub(crate) fn next(self, found: usize) -> i64 {
        if found > self.size {
            i64::try_from(self.offset + self.size).unwrap_or(-1)
        } else {
            -1
        }
    }
}

/// Every condition of the call: `filter`, `filter_id`, `favorites`, `my_items`, `q`.
fn conditions(
    cx: &Context<'_>,
    module: &Module,
    scope: Scope<'_>,
    call: &Call,
    sql: &mut Sql,
) -> Result<(), Failure> {
    sql.push(" WHERE t.deleted = 0");
    limit(cx, module, sql);
    if let Scope::Related { near, id, link } = scope {
        links::push_far(cx.schema, near, link, id, sql);
    }
    let filter = match call.argument("filter") {
        Some(Value::String(text)) if text.trim().is_empty() => None,
        Some(Value::String(text)) => Some(
            serde_json::from_str(text)
                .map_err(|error| Failure::invalid(format!("The filter is not JSON: {error}")))?,
        ),
        other => other.cloned(),
    };
    let saved = call.text("filter_id");
    let search = call.text("q");
    if search.is_some() && (filter.is_some() || saved.is_some()) {
        return Err(Failure::invalid(
            "q cannot be combined with filter or filter_id",
        ));
    }
    if let Some(filter) = filter {
        filter::push(cx, module, &filter, sql)?;
    }
    if let Some(id) = saved {
        filter::push(cx, module, &saved_filter(cx, module, id)?, sql)?;
    }
    if let Some(text) = search {
        super::search::push(module, text, sql);
    }
    if call.flag("favorites") {
        filter::push(cx, module, &json!([{ "$favorite": "" }]), sql)?;
    }
    if call.flag("my_items") {
        filter::push(cx, module, &json!([{ "$owner": "" }]), sql)?;
    }
    Ok(())
}

/// Appends the limit to own records, for users whose role lists no others.
pub(crate) fn limit(cx: &Context<'_>, module: &Module, sql: &mut Sql) {
    if cx
        .rights(module)
        .is_some_and(|rights| rights.reach(Action::List) == Reach::Owner)
    {
        sql.push(" AND ").push(rights::owned(module));
    }
}

fn saved_filter(cx: &Context<'_>, module: &Module, id: &str) -> Result<Value, Failure> {
    let mut sql = cx.sql("SELECT definition FROM saved_filters WHERE id = ");
    sql.bind(id.to_owned())
        .push(" AND module = ")
        .bind(module.name.clone());
    let text = sql
        .first(cx.db, |row| row.get::<_, String>(0))?
        .ok_or_else(|| Failure::no_record("Filters", id))?;
    serde_json::from_str(&text).map_err(|_| Failure::invalid("The saved filter is not JSON."))
}

/// The records of one page with `next_offset`.
pub(crate) fn page(
    cx: &Context<'_>,
    module: &Module,
    scope: Scope<'_>,
    call: &Call,
) -> Result<Records, Failure> {
    let selection = Selection::read(call.argument("fields"))?;
    let page = Page::read(cx, call)?;
    let order = order(cx, module, call.text("order_by"))?;
    select(cx, module, &selection, page, &order, |sql| {
        conditions(cx, module, scope, call, sql)
    })
}

pub(crate) fn count(
    cx: &Context<'_>,
    module: &Module,
    scope: Scope<'_>,
    call: &Call,
) -> Result<Value, Failure> {
    let mut sql = cx.sql(format!("SELECT count(*) FROM {} t", quoted(&module.table)));
    conditions(cx, module, scope, call, &mut sql)?;
    Ok(json!({ "record_count": sql.number(cx.db)? }))
}

/// Reads a page of beans; `conditions` appends everything from WHERE to ORDER BY.
pub(crate) fn select(
    cx: &Context<'_>,
    module: &Module,
    selection: &Selection,
    page: Page,
    order: &str,
    conditions: impl FnOnce(&mut Sql) -> Result<(), Failure>,
) -> Result<Records, Failure> {
    let named;
    let projection = match &selection.names {
        Some(names) => {
            named = Projection::named(cx.schema, module, names);
            &named
        }
        None => &cx.projections[&module.name],
    };
    let mut sql = cx.sql(format!(
        "SELECT {} FROM {} t",
        projection.select,
        quoted(&module.table)
    ));
    conditions(&mut sql)?;
    sql.push(order);
    let limit = page.size.saturating_add(1).min(1 << 40);
    sql.push(&format!(" LIMIT {limit} OFFSET {}", page.offset));
    let mut records = sql.rows(cx.db, |row| projection.bean(row, &cx.actor.zone))?;
    let next_offset = page.next(records.len());
    records.truncate(page.size);
    for record in &mut records {
        *record = records::restricted(cx, module, std::mem::take(record));
        if !selection.links.is_empty() {
            let mut bean = records::map(record);
            add_links(cx, module, selection, &mut bean)?;
            *record = Value::Object(bean).to_string();
        }
    }
    Ok(Records {
        next_offset,
        records,
    })
}

/// The linked records that a map in `fields` asks for.
fn add_links(
    cx: &Context<'_>,
    module: &Module,
    selection: &Selection,
    bean: &mut Map<String, Value>,
) -> Result<(), Failure> {
    for wanted in &selection.links {
        let Some(link) = module.link(&wanted.name) else {
            continue;
        };
        let id = bean
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let far = cx.schema.far_module(link);
        let page = Page {
            size: wanted.size.min(cx.settings.limits.page),
            offset: wanted.offset,
        };
        let order = order(cx, far, wanted.order.as_deref())?;
        let found = select(cx, far, &wanted.selection, page, &order, |sql| {
            sql.push(" WHERE t.deleted = 0");
            limit(cx, far, sql);
            links::push_far(cx.schema, module, link, &id, sql);
            match &wanted.filter {
                Some(filter) => filter::push(cx, far, filter, sql),
                None => Ok(()),
            }
        })?;
        bean.insert(wanted.name.clone(), found.value());
    }
    Ok(())
}

/// `name:DESC,date_modified` as SQL, with the id as the last word so that pages do not overlap.
pub(crate) fn order(
    cx: &Context<'_>,
    module: &Module,
    order_by: Option<&str>,
) -> Result<String, Failure> {
    let Some(order_by) = order_by else {
        return Ok(" ORDER BY t.date_modified DESC, t.id DESC".to_owned());
    };
    let mut terms: Vec<String> = Vec::new();
    let mut tells_apart = false;
    for part in order_by
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, direction) = part.split_once(':').unwrap_or((part, "ASC"));
        let field = module
            .field(name.trim())
            .filter(|field| !field.is_link())
            .ok_or_else(|| {
                Failure::invalid(format!(
                    "Unable to find field: {name} in module: {}",
                    module.name
                ))
            })?;
        // What comes behind an id orders nothing, and would keep the database from walking along its index.
        if tells_apart {
            continue;
        }
        tells_apart = field.name == "id";
        let direction = if direction.trim().eq_ignore_ascii_case("desc") {
            "DESC"
        } else {
            "ASC"
        };
        let value = expression(cx.schema, module, field, "t");
        terms.push(format!("{value} {direction}"));
    }
    if !tells_apart {
        terms.push("t.id ASC".to_owned());
    }
    Ok(format!(" ORDER BY {}", terms.join(", ")))
}
