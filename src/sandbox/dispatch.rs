//! From an endpoint to the function that serves it.

use serde_json::Value;
use serde_json::json;

use super::answer::Answer;
use super::audit;
use super::call::Call;
use super::context::Context;
use super::duplicates;
use super::endpoint::Endpoint;
use super::failure::Failure;
use super::favorites;
use super::favorites::Mark;
use super::files;
use super::integrate;
use super::list;
use super::list::Scope;
use super::mass;
use super::me;
use super::metadata;
use super::oauth;
use super::records;
use super::relate;
use super::rights;
use super::rights::Action;
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
    Ok(match endpoint {
        Endpoint::Token => oauth::token(cx.db, cx.settings, cx.now, call)?.into(),
        Endpoint::Logout => oauth::logout(cx.db, call.token())?.into(),
        Endpoint::Sudo { user } => oauth::sudo(cx, user, call)?.into(),
        Endpoint::Ping => json!("pong").into(),
        Endpoint::Clock => json!(cx.actor.zone.print(&time::stored(cx.now))).into(),
        Endpoint::Me => me::me(cx)?.into(),
        Endpoint::UpdateMe => me::update(cx, call)?.into(),
        Endpoint::Preferences => me::preferences(cx)?.into(),
        Endpoint::ReadPreference { name } => me::preference(cx, name)?.into(),
        Endpoint::WritePreference { name } => me::set_preference(cx, name, call)?.into(),
        Endpoint::DeletePreference { name } => me::delete_preference(cx, name)?.into(),
        Endpoint::Following => me::following(cx)?.into(),
        Endpoint::Password => me::password(cx, call)?.into(),
        Endpoint::MostActiveUsers => me::most_active(cx)?.into(),
        Endpoint::Metadata => {
            call.fields()?;
            metadata::metadata(cx, call).into()
        }
        Endpoint::MetadataPublic => metadata::public(cx.schema).into(),
        Endpoint::MetadataHash => json!({ "_hash": cx.metadata_hash }).into(),
        Endpoint::MetadataSegment { module, segment } => {
            metadata::segment(cx, module, segment)?.into()
        }
        Endpoint::Search => search::search(cx, call)?.into(),
        Endpoint::GlobalSearch { module } => search::global(cx, module, call)?.into(),
        Endpoint::Enum { module, field } => metadata::list_of_options(cx, module, field)?.into(),
        Endpoint::List { module } => {
            list::page(cx, cx.module(module)?, Scope::Module, call)?.into()
        }
        Endpoint::Count { module } => {
            list::count(cx, cx.module(module)?, Scope::Module, call)?.into()
        }
        Endpoint::Create { module } => create(cx, module, call)?.into(),
        Endpoint::Read { module, id } => read(cx, module, id, call)?.into(),
        Endpoint::Update { module, id } => update(cx, module, id, call)?.into(),
        Endpoint::Delete { module, id } => delete(cx, module, id, call)?.into(),
        Endpoint::Mass { module, change } => {
            let module = rights::module(cx, module, Action::MassUpdate)?;
            cx.atomically(|| mass::mass(cx, module, change, call))?
                .into()
        }
        Endpoint::Favorite { module, id } => {
            mark(cx, module, id, Mark::Set, favorites::set)?.into()
        }
        Endpoint::Unfavorite { module, id } => {
            mark(cx, module, id, Mark::Unset, favorites::set)?.into()
        }
        Endpoint::Follow {
            module,
            id,
            mark: wanted,
        } => mark(cx, module, id, wanted, favorites::follow)?.into(),
        Endpoint::Related { module, id, link } => {
            relate::related(cx, module, id, link, call)?.into()
        }
        Endpoint::RelatedCount { module, id, link } => {
            relate::count(cx, module, id, link, call)?.into()
        }
        Endpoint::LeanCount { module, id, link } => {
            relate::lean_count(cx, module, id, link, call)?.into()
        }
        Endpoint::LinkMany { module, id } => {
            cx.atomically(|| relate::link_many(cx, module, id, call))?
        }
        Endpoint::CreateRelated { module, id, link } => {
            cx.atomically(|| relate::create_related(cx, module, id, link, call))?
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
        Endpoint::Upsert { module, key } => integrate::upsert(cx, module, key, call)?,
        Endpoint::ReadByKey { module, key } => integrate::read(cx, module, key, call)?.into(),
        Endpoint::DeleteByKey { module, key } => integrate::delete(cx, module, key)?.into(),
        Endpoint::SetKey { module, id, key } => integrate::set_key(cx, module, id, key)?.into(),
        Endpoint::Tie {
            tie,
            module,
            near,
            link,
            far,
        } => integrate::tie(cx, tie, module, near, link, far)?.into(),
        Endpoint::DuplicateCheck { module } => {
            duplicates::check(cx, cx.module(module)?, call.fields()?)?.into()
        }
        Endpoint::Audit { module, id } => {
            audit::list(cx, existing(cx, module, id, Action::View)?, id)?.into()
        }
        Endpoint::Files { module, id } => {
            files::list(cx, existing(cx, module, id, Action::View)?, id)?.into()
        }
        Endpoint::Download { module, id, field } => {
            files::download(cx, existing(cx, module, id, Action::View)?, id, field)?
        }
        Endpoint::Upload { module, id, field } => {
            files::store(cx, existing(cx, module, id, Action::Edit)?, id, field, call)?.into()
        }
        Endpoint::RemoveFile { module, id, field } => {
            files::remove(cx, existing(cx, module, id, Action::Edit)?, id, field)?.into()
        }
        Endpoint::TemporaryFile { module, field } => {
            files::wait(cx, rights::module(cx, module, Action::Create)?, field, call)?.into()
        }
        // A bulk is taken apart before; what arrives here is a bulk within a bulk.
        Endpoint::Bulk => return Err(no_method()),
    })
}

pub(crate) fn no_method() -> Failure {
    Failure::new(
        SugarLabel::NoMethod,
        "Could not find a route with that method and path.",
    )
}

/// The module of a record that is there and with which the user may do this.
fn existing<'a>(
    cx: &'a Context<'_>,
    module: &str,
    id: &str,
    action: Action,
) -> Result<&'a Module, Failure> {
    let module = cx.module(module)?;
    rights::there(cx, module, id, action)?;
    Ok(module)
}

fn create(cx: &Context<'_>, module: &str, call: &Call) -> Result<String, Failure> {
    let module = cx.module(module)?;
    let id = records::create(cx, module, call.fields()?)?;
    records::written(cx, module, &id)
}

fn read(cx: &Context<'_>, module: &str, id: &str, call: &Call) -> Result<String, Failure> {
    let module = cx.module(module)?;
    let bean = list::one(cx, module, id, call.argument("fields"))?;
    if call.flag("viewed") {
        me::track(cx, module, id)?;
    }
    Ok(bean)
}

fn update(cx: &Context<'_>, module: &str, id: &str, call: &Call) -> Result<String, Failure> {
    let module = cx.module(module)?;
    let expected = call.headers.timestamp.as_deref();
    records::update(cx, module, id, expected, call.fields()?)?;
    if call.flag("viewed") {
        me::track(cx, module, id)?;
    }
    records::written(cx, module, id)
}

fn delete(cx: &Context<'_>, module: &str, id: &str, call: &Call) -> Result<Value, Failure> {
    let expected = call.headers.timestamp.as_deref();
    records::delete(cx, cx.module(module)?, id, expected)?;
    Ok(json!({ "id": id }))
}

/// Puts a mark of the user's own on a record that is there, or takes it off.
fn mark(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    mark: Mark,
    set: fn(&Context<'_>, &Module, &str, Mark) -> Result<(), Failure>,
) -> Result<String, Failure> {
    let module = existing(cx, module, id, Action::View)?;
    set(cx, module, id, mark)?;
    records::text(cx, module, id)
}
