//! From an endpoint to the function that serves it.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::answer::Answer;
use super::call::Call;
use super::context::Context;
use super::endpoint::Endpoint;
use super::failure::Failure;
use super::favorites;
use super::favorites::Mark;
use super::fields::Selection;
use super::list;
use super::list::Page;
use super::list::Scope;
use super::me;
use super::metadata;
use super::oauth;
use super::records;
use super::relate;
use super::schema::Module;
use super::search;
use super::time;
use crate::wire::SugarLabel;

/// Serves a call of a user who is logged in.
pub(crate) fn dispatch(
    cx: &Context<'_>,
    endpoint: Endpoint<'_>,
    call: &Call,
) -> Result<Answer, Failure> {
    let value = match endpoint {
        Endpoint::Token => oauth::token(cx.db, cx.settings, cx.now, call)?,
        Endpoint::Logout => oauth::logout(cx.db, call.token())?,
        Endpoint::Ping => json!("pong"),
        Endpoint::Clock => json!(cx.actor.zone.print(&time::stored(cx.now))),
        Endpoint::Me => me::me(cx)?,
        Endpoint::Metadata => metadata::metadata(cx, call),
        Endpoint::MetadataPublic => metadata::public(cx.schema),
        Endpoint::MetadataHash => json!({ "_hash": cx.metadata_hash }),
        Endpoint::MetadataSegment { module, segment } => metadata::segment(cx, module, segment)?,
        Endpoint::Search => search::search(cx, call)?,
        Endpoint::Enum { module, field } => {
            return metadata::list_of_options(cx, module, field).map(Answer::text);
        }
        Endpoint::List { module } => list::page(cx, visible(cx, module)?, Scope::Module, call)?,
        Endpoint::Count { module } => list::count(cx, visible(cx, module)?, Scope::Module, call)?,
        Endpoint::Create { module } => create(cx, module, call)?.into(),
        Endpoint::Read { module, id } => read(cx, visible(cx, module)?, id, call)?.into(),
        Endpoint::Update { module, id } => update(cx, module, id, call)?.into(),
        Endpoint::Delete { module, id } => {
            let module = writable(cx, module)?;
            records::require_unchanged(cx, module, id, call.headers.timestamp.as_deref())?;
            records::delete(cx, module, id)?;
            json!({ "id": id })
        }
        Endpoint::Favorite { module, id } => favorite(cx, module, id, Mark::Set)?.into(),
        Endpoint::Unfavorite { module, id } => favorite(cx, module, id, Mark::Unset)?.into(),
        Endpoint::Related { module, id, link } => relate::related(cx, module, id, link, call)?,
        Endpoint::RelatedCount { module, id, link } => relate::count(cx, module, id, link, call)?,
        Endpoint::LinkMany { module, id } => relate::link_many(cx, module, id, call)?,
        Endpoint::CreateRelated { module, id, link } => {
            relate::create_related(cx, module, id, link, call)?
        }
        Endpoint::ReadRelated {
            module,
            id,
            link,
            far_id,
        } => relate::read(cx, module, id, link, far_id)?.into(),
        Endpoint::LinkOne {
            module,
            id,
            link,
            far_id,
        } => relate::link_one(cx, module, id, link, far_id, call)?,
        Endpoint::UpdateLink {
            module,
            id,
            link,
            far_id,
        } => relate::update(cx, module, id, link, far_id, call)?,
        Endpoint::Unlink {
            module,
            id,
            link,
            far_id,
        } => relate::unlink(cx, module, id, link, far_id)?,
        // A bulk is taken apart before; what arrives here is a bulk within a bulk.
        Endpoint::Bulk => return Err(no_method()),
    };
    Ok(Answer::ok(value))
}

pub(crate) fn no_method() -> Failure {
    Failure::new(
        SugarLabel::NoMethod,
        "Could not find a route with that method and path.",
    )
}

fn visible<'a>(cx: &'a Context<'_>, module: &str) -> Result<&'a Module, Failure> {
    let module = cx.module(module)?;
    if module.admin_only {
        cx.require_administrator()?;
    }
    Ok(module)
}

/// Users, teams and roles are an administrator's business.
fn writable<'a>(cx: &'a Context<'_>, module: &str) -> Result<&'a Module, Failure> {
    let module = visible(cx, module)?;
    if matches!(module.name.as_str(), "Users" | "Teams") {
        cx.require_administrator()?;
    }
    Ok(module)
}

fn create(cx: &Context<'_>, module: &str, call: &Call) -> Result<Map<String, Value>, Failure> {
    let module = writable(cx, module)?;
    let id = records::create(cx, module, call.fields()?)?;
    records::bean(cx, module, &id)
}

fn read(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    call: &Call,
) -> Result<Map<String, Value>, Failure> {
    let fields = call.argument("fields");
    let bean = if fields.is_none() {
        records::bean(cx, module, id)?
    } else {
        let selection = Selection::read(fields)?;
        let page = Page { size: 1, offset: 0 };
        let (mut found, _) = list::select(cx, module, &selection, page, "", |sql| {
            sql.push(" WHERE t.deleted = 0 AND t.id = ")
                .bind(id.to_owned());
            Ok(())
        })?;
        match found.pop() {
            Some(Value::Object(bean)) => bean,
            _ => return Err(Failure::no_record(&module.name, id)),
        }
    };
    if call.flag("viewed") {
        me::track(cx, module, id)?;
    }
    Ok(bean)
}

fn update(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    call: &Call,
) -> Result<Map<String, Value>, Failure> {
    let module = writable(cx, module)?;
    records::require_unchanged(cx, module, id, call.headers.timestamp.as_deref())?;
    records::update(cx, module, id, call.fields()?)?;
    if call.flag("viewed") {
        me::track(cx, module, id)?;
    }
    records::bean(cx, module, id)
}

fn favorite(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    mark: Mark,
) -> Result<Map<String, Value>, Failure> {
    let module = visible(cx, module)?;
    // Reading first: there is no favorite of a record that is not there.
    records::bean(cx, module, id)?;
    favorites::set(cx, module, id, mark)?;
    records::bean(cx, module, id)
}
