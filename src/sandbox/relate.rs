//! The endpoints under `/link`: list, create, link, unlink (fact sheet 1.3).

use serde_json::Value;

use super::answer::Answer;
use super::answer::Records;
use super::call::Call;
use super::context::Context;
use super::failure::Failure;
use super::links;
use super::list;
use super::list::Scope;
use super::records;
use super::rights;
use super::rights::Action;
use super::schema::Link;
use super::schema::Module;

/// The near record of a link endpoint; it exists.
struct Near<'a> {
    module: &'a Module,
    id: &'a str,
    link: &'a Link,
}

impl<'a> Near<'a> {
    /// Reading a link takes the right to view the near record, changing it the right to edit that. The far end is looked
    /// after where it is read or linked.
    fn find(
        cx: &'a Context<'_>,
        module: &str,
        id: &'a str,
        link: &str,
        action: Action,
    ) -> Result<Self, Failure> {
        let module = rights::module(cx, module, action)?;
        let link = module.require_link(link)?;
        rights::there(cx, module, id, action)?;
        Ok(Self { module, id, link })
    }

    fn far(&self, cx: &'a Context<'_>) -> &'a Module {
        cx.schema.far_module(self.link)
    }

    fn scope(&self) -> Scope<'_> {
        Scope::Related {
            near: self.module,
            id: self.id,
            link: self.link,
        }
    }

    /// `{"record": …, "related_record": …}`.
    fn pair(&self, cx: &Context<'_>, far_id: &str) -> Result<Answer, Failure> {
        let record = records::written(cx, self.module, self.id)?;
        let related = records::written(cx, self.far(cx), far_id)?;
        Ok(Answer::text(format!(
            "{{\"record\":{record},\"related_record\":{related}}}"
        )))
    }
}

pub(crate) fn related(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    link: &str,
    call: &Call,
) -> Result<Records, Failure> {
    let near = Near::find(cx, module, id, link, Action::View)?;
    let mut page = list::page(cx, near.far(cx), near.scope(), call)?;
    if links::has_columns(cx.schema, near.link) {
        for record in &mut page.records {
            *record = with_columns(cx, &near, record)?;
        }
    }
    Ok(page)
}

/// A related record with the columns of its relation, as far as it has no fields of these names.
fn with_columns(cx: &Context<'_>, near: &Near<'_>, record: &str) -> Result<String, Failure> {
    let mut bean = records::map(record);
    let far_id = bean
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    for (name, value) in links::columns(cx, near.id, near.link, &far_id)? {
        bean.entry(name).or_insert(value);
    }
    Ok(Value::Object(bean).to_string())
}

pub(crate) fn count(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    link: &str,
    call: &Call,
) -> Result<Value, Failure> {
    let near = Near::find(cx, module, id, link, Action::View)?;
    list::count(cx, near.far(cx), near.scope(), call)
}

/// `…/filter/leancount`: a count that may stop early; here it never has to.
pub(crate) fn lean_count(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    link: &str,
    call: &Call,
) -> Result<Value, Failure> {
    let mut answer = count(cx, module, id, link, call)?;
    answer["has_more"] = false.into();
    Ok(answer)
}

/// `POST …/link` with `{"link_name", "ids"}`; all or none, as the whole call is one change.
pub(crate) fn link_many(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let link = call
        .text("link_name")
        .ok_or_else(|| Failure::missing("link_name"))?;
    let ids = call
        .argument("ids")
        .ok_or_else(|| Failure::missing("ids"))?;
    let ids = ids
        .as_array()
        .ok_or_else(|| Failure::invalid("ids must be an array"))?;
    let near = Near::find(cx, module, id, link, Action::Edit)?;
    let mut related = Vec::new();
    for item in ids {
        let (far_id, columns) = records::link_item(item)?;
        links::add(cx, near.module, near.id, near.link, &far_id, &columns)?;
        related.push(far_id);
    }
    let record = records::written(cx, near.module, near.id)?;
    let texts = related
        .iter()
        .map(|far_id| records::written(cx, near.far(cx), far_id))
        .collect::<Result<Vec<_>, _>>()?;
    let body = format!(
        "{{\"record\":{record},\"related_records\":[{}]}}",
        texts.join(",")
    );
    Ok(Answer {
        records: texts.len(),
        ..Answer::text(body)
    })
}

pub(crate) fn link_one(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    link: &str,
    far_id: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let near = Near::find(cx, module, id, link, Action::Edit)?;
    links::add(cx, near.module, near.id, near.link, far_id, call.fields()?)?;
    near.pair(cx, far_id)
}

/// `POST …/link/<name>` with fields creates; with `link_name` and `ids` in the body it is link-many, as the vendor's
/// PHP client sends it.
pub(crate) fn create_related(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    link: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let fields = call.fields()?;
    if fields.contains_key("link_name") && fields.contains_key("ids") {
        return link_many(cx, module, id, call);
    }
    let near = Near::find(cx, module, id, link, Action::Edit)?;
    let far_id = records::create_related(cx, near.module, near.id, near.link, fields)?;
    near.pair(cx, &far_id)
}

/// `GET …/link/<name>/<id>`: the related record, if the two are linked.
pub(crate) fn read(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    link: &str,
    far_id: &str,
) -> Result<String, Failure> {
    let near = Near::find(cx, module, id, link, Action::View)?;
    require_linked(cx, &near, far_id)?;
    with_columns(cx, &near, &records::text(cx, near.far(cx), far_id)?)
}

/// `PUT …/link/<name>/<id>`: new columns for a link that is there.
pub(crate) fn update(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    link: &str,
    far_id: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let near = Near::find(cx, module, id, link, Action::Edit)?;
    require_linked(cx, &near, far_id)?;
    links::add(cx, near.module, near.id, near.link, far_id, call.fields()?)?;
    near.pair(cx, far_id)
}

pub(crate) fn unlink(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    link: &str,
    far_id: &str,
) -> Result<Answer, Failure> {
    let near = Near::find(cx, module, id, link, Action::Edit)?;
    links::remove(cx, near.module, near.id, near.link, far_id)?;
    near.pair(cx, far_id)
}

fn require_linked(cx: &Context<'_>, near: &Near<'_>, far_id: &str) -> Result<(), Failure> {
    if links::is_linked(cx, near.module, near.id, near.link, far_id)? {
        Ok(())
    } else {
        Err(Failure::no_record(&near.link.module, far_id))
    }
}
