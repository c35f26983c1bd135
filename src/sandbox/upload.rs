//! Reads the file out of an upload: one part of a form, or the whole body.

use axum::body::Bytes;

use super::call::Call;
use super::failure::Failure;
use super::multipart;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) content: Bytes,
}

const UNKNOWN: &str = "application/octet-stream";

/// The upload for a field. In a form it is the file that is named like the field.
pub(crate) fn read(call: &Call, field: &str) -> Result<Upload, Failure> {
    let kind = call.headers.content_type.clone().unwrap_or_default();
    if multipart::is_declared(&kind) {
        let file = multipart::parts(&kind, &call.raw)
            .into_iter()
            .find(|part| part.name == field && part.file_name.is_some())
            .ok_or_else(|| Failure::missing(field))?;
        return Ok(Upload {
            name: file.file_name.unwrap_or_default(),
            mime: file.mime.unwrap_or_else(|| UNKNOWN.to_owned()),
            content: file.content,
        });
    }
    if call.raw.is_empty() {
        return Err(Failure::missing(field));
    }
    Ok(Upload {
        name: call
            .headers
            .file_name
            .clone()
            .unwrap_or_else(|| field.to_owned()),
        mime: if kind.is_empty() {
            UNKNOWN.to_owned()
        } else {
            kind
        },
        content: call.raw.clone(),
    })
}
