//! Lists of records: filter, order, page, fields; of a module and of a link.

use std::collections::BTreeSet;

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
    let saved = call.words("filter_id")?;
    let search = call.words("q")?;
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
        super::search::push(cx, module, text, sql)?;
    }
    if call.flag("favorites") {
        filter::push(cx, module, &json!([{ "$favorite": "" }]), sql)?;
    }
    if call.flag("my_items") {
        filter::push(cx, module, &json!([{ "$owner": "" }]), sql)?;
    }
    Ok(())
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
    call.fields()?;
    let selection = Selection::read(call.argument("fields"))?;
    let page = Page::read(cx, call)?;
    let order = order(cx, module, call.words("order_by")?)?;
    let wanted = Wanted {
        selection: &selection,
        page,
        order: &order,
    };
    select(cx, module, Action::List, wanted, |sql| {
        conditions(cx, module, scope, call, sql)
    })
}

pub(crate) fn count(
    cx: &Context<'_>,
    module: &Module,
    scope: Scope<'_>,
    call: &Call,
) -> Result<Value, Failure> {
    call.fields()?;
    let count = total(cx, module, |sql| conditions(cx, module, scope, call, sql))?;
    Ok(json!({ "record_count": count }))
}

/// How many of the records that the user may list meet the conditions.
pub(crate) fn total(
    cx: &Context<'_>,
    module: &Module,
    conditions: impl FnOnce(&mut Sql) -> Result<(), Failure>,
) -> Result<i64, Failure> {
    let mut sql = cx.sql(format!(
        "SELECT count(*) FROM {} t WHERE {}",
        quoted(&module.table),
        rights::within(cx, module, Action::List, "t")?
    ));
    conditions(&mut sql)?;
    Ok(sql.number(cx.db)?)
}

/// One record that is there and that the user may view, with the fields that are asked for.
pub(crate) fn one(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    fields: Option<&Value>,
) -> Result<String, Failure> {
    let Some(fields) = fields else {
        return records::text(cx, module, id);
    };
    rights::record(cx, module, id, Action::View)?;
    let selection = Selection::read(Some(fields))?;
    let wanted = Wanted {
        selection: &selection,
        page: Page { size: 1, offset: 0 },
        order: "",
    };
    let mut found = select(cx, module, Action::View, wanted, |sql| {
        sql.push(" AND t.id = ").bind(id.to_owned());
        Ok(())
    })?;
    found
        .records
        .pop()
        .ok_or_else(|| Failure::no_record(&module.name, id))
}

/// What a read gives of the records that it finds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) selection: &'a Selection,
    pub(crate) page: Page,
    pub(crate) order: &'a str,
}

/// Reads a page of the records with which the user may do this; `conditions` appends what else must hold of them.
pub(crate) fn select(
    cx: &Context<'_>,
    module: &Module,
    action: Action,
    wanted: Wanted<'_>,
    conditions: impl FnOnce(&mut Sql) -> Result<(), Failure>,
) -> Result<Records, Failure> {
    let mut left = cx.settings.limits.linked;
    read(cx, module, action, wanted, &mut left, conditions)
}

/// The same within an answer in which so many more linked records, and lists of them, may stand.
fn read(
    cx: &Context<'_>,
    module: &Module,
    action: Action,
    wanted: Wanted<'_>,
    left: &mut usize,
    conditions: impl FnOnce(&mut Sql) -> Result<(), Failure>,
) -> Result<Records, Failure> {
    let Wanted {
        selection,
        page,
        order,
    } = wanted;
    let named;
    let projection = match &selection.names {
        Some(names) => {
            named = Projection::named(cx.schema, module, names);
            &named
        }
        None => &cx.projections[&module.name],
    };
    let mut sql = cx.sql(format!(
        "SELECT {} FROM {} t WHERE {}",
        projection.select,
        quoted(&module.table),
        rights::within(cx, module, action, "t")?
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
            add_links(cx, module, selection, left, &mut bean)?;
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
    left: &mut usize,
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
        let linked = Wanted {
            selection: &wanted.selection,
            page,
            order: &order,
        };
        let found = read(cx, far, Action::List, linked, left, |sql| {
            links::push_far(cx.schema, module, link, &id, sql);
            match &wanted.filter {
                Some(filter) => filter::push(cx, far, filter, sql),
                None => Ok(()),
            }
        })?;
        *left = left
            .checked_sub(1 + found.records.len())
            .ok_or_else(|| Failure::too_large("The fields ask for too many linked records."))?;
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
    let mut ordered: BTreeSet<&str> = BTreeSet::new();
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
        rights::readable(cx, module, &field.name)?;
        // What comes behind an id, or a second time, orders nothing, and would keep the database from walking along its
        // index.
        if tells_apart || !ordered.insert(&field.name) {
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
