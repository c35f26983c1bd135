//! Files of records: upload by form or as they are, download, removal, and files that wait for their record.

use axum::body::Bytes;
use rusqlite::OptionalExtension;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::answer::Answer;
use super::answer::Body;
use super::call::Call;
use super::context::Context;
use super::failure::Failure;
use super::records;
use super::rights;
use super::schema::Field;
use super::schema::Module;
use super::schema::quoted;
use super::upload;
use super::upload::Upload;

fn file_field<'a>(module: &'a Module, name: &str) -> Result<&'a Field, Failure> {
    module
        .field(name)
        .filter(|field| matches!(field.type_name(), Some("file" | "image")))
        .ok_or_else(|| {
            Failure::invalid(format!(
                "{name} is no file field of module: {}",
                module.name
            ))
        })
}

/// `GET …/file`: what files a record has.
pub(crate) fn list(cx: &Context<'_>, module: &Module, id: &str) -> Result<Value, Failure> {
    let mut sql = cx.sql("SELECT field, name, mime, length(content) FROM files WHERE module = ");
    sql.bind(module.name.clone())
        .push(" AND record_id = ")
        .bind(id.to_owned());
    let files = sql.rows(cx.db, |row| {
        let field: String = row.get(0)?;
        let uri = format!("/rest/v11/{}/{id}/file/{field}", module.name);
        let file = json!({
            "name": row.get::<_, String>(1)?, "content-type": row.get::<_, String>(2)?,
            "content-length": row.get::<_, i64>(3)?, "uri": uri,
        });
        Ok((field, file))
    })?;
    let readable = |field: &str| rights::readable(cx, module, field).is_ok();
    Ok(Value::Object(
        files
            .into_iter()
            .filter(|(field, _)| readable(field))
            .collect(),
    ))
}

/// `GET …/file/<field>`: the content.
pub(crate) fn download(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    field: &str,
) -> Result<Answer, Failure> {
    rights::readable(cx, module, field)?;
    let found = cx
        .db
        .prepare_cached("SELECT content, mime, name FROM files WHERE module = ?1 AND record_id = ?2 AND field = ?3")?
        .query_row((&module.name, id, field), |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let Some((content, mime, name)) = found else {
        return Err(Failure::no_record(&module.name, id));
    };
    let headers = vec![(
        "content-disposition",
        format!("attachment; filename=\"{}\"", name.replace('"', "")),
    )];
    Ok(Answer {
        status: 200,
        body: Body::File {
            content: Bytes::from(content),
            mime,
        },
        headers,
        records: 1,
    })
}

/// `POST` (a form) or `PUT` (the bare content) of a file.
pub(crate) fn store(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    field: &str,
    call: &Call,
) -> Result<Value, Failure> {
    let stored = receive(cx, module, id, field, call);
    if stored.is_err() && call.flag("delete_if_fails") {
        records::delete(cx, module, id, None)?;
    }
    stored?;
    let mut answer = match list(cx, module, id)? {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    answer.insert(
        "record".into(),
        Value::Object(records::map(&records::written(cx, module, id)?)),
    );
    Ok(Value::Object(answer))
}

fn receive(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    field: &str,
    call: &Call,
) -> Result<(), Failure> {
    let field = file_field(module, field)?;
    rights::writable(cx, module, &field.name)?;
    let upload = upload::read(call, &field.name)?;
    keep(cx, &module.name, id, &field.name, &upload)?;
    describe(cx, module, id, field, Some(&upload))
}

fn keep(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    field: &str,
    upload: &Upload,
) -> Result<(), Failure> {
    cx.db
        .prepare_cached("INSERT OR REPLACE INTO files VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute((
            module,
            id,
            field,
            &upload.name,
            &upload.mime,
            &upload.content[..],
        ))?;
    Ok(())
}

/// Writes the file's name, type and size into the record's own columns.
fn describe(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    field: &Field,
    upload: Option<&Upload>,
) -> Result<(), Failure> {
    let extension = upload
        .and_then(|upload| upload.name.rsplit_once('.'))
        .map(|(_, extension)| extension.to_owned());
    let mut sql = cx.sql(format!(
        "UPDATE {} SET date_modified = ",
        quoted(&module.table)
    ));
    sql.bind(cx.stamp())
        .push(&format!(", {} = ", quoted(&field.name)));
    sql.bind(upload.map(|upload| upload.name.clone()));
    if module.field("file_mime_type").is_some() {
        sql.push(", file_mime_type = ")
            .bind(upload.map(|upload| upload.mime.clone()));
        sql.push(", file_ext = ").bind(extension);
    }
    if module.field("file_size").is_some() {
        sql.push(", file_size = ");
        sql.bind(upload.and_then(|upload| i64::try_from(upload.content.len()).ok()));
    }
    sql.push(" WHERE id = ")
        .bind(id.to_owned())
        .execute(cx.db)?;
    Ok(())
}

/// `DELETE …/file/<field>`.
pub(crate) fn remove(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    field: &str,
) -> Result<Value, Failure> {
    let field = file_field(module, field)?;
    rights::writable(cx, module, &field.name)?;
    cx.db
        .prepare_cached("DELETE FROM files WHERE module = ?1 AND record_id = ?2 AND field = ?3")?
        .execute((&module.name, id, &field.name))?;
    describe(cx, module, id, field, None)?;
    list(cx, module, id)
}

/// Where files wait for a record that names them in `<field>_guid`.
const WAITING: &str = "temp";

/// `POST /<module>/temp/file/<field>`.
pub(crate) fn wait(
    cx: &Context<'_>,
    module: &Module,
    field: &str,
    call: &Call,
) -> Result<Value, Failure> {
    let field = file_field(module, field)?;
    let upload = upload::read(call, &field.name)?;
    let guid = Uuid::now_v7().to_string();
    keep(cx, WAITING, &guid, &field.name, &upload)?;
    Ok(
        json!({ "record": { "id": guid }, field.name.as_str(): { "guid": guid, "name": upload.name } }),
    )
}

/// Gives a new record the files that waited for it.
pub(crate) fn claim(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    body: &Map<String, Value>,
) -> Result<(), Failure> {
    for (key, guid) in body {
        let Some(name) = key.strip_suffix("_guid") else {
            continue;
        };
        let (Ok(field), Some(guid)) = (file_field(module, name), guid.as_str()) else {
            continue;
        };
        let found = cx
            .db
            .prepare_cached("SELECT name, mime, content FROM files WHERE module = ?1 AND record_id = ?2 AND field = ?3")?
            .query_row((WAITING, guid, &field.name), |row| {
                Ok(Upload { name: row.get(0)?, mime: row.get(1)?, content: row.get::<_, Vec<u8>>(2)?.into() })
            })
            .optional()?;
        let Some(upload) = found else { continue };
        keep(cx, &module.name, id, &field.name, &upload)?;
        describe(cx, module, id, field, Some(&upload))?;
    }
    Ok(())
}
