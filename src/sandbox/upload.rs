//! Reads the file out of an upload: one part of a form, or the whole body.

use axum::body::Bytes;

use super::call::Call;
use super::failure::Failure;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) content: Bytes,
}

/// The upload for a field. In a form the part is named like the field; any part with a file name will do, too.
pub(crate) fn read(call: &Call, field: &str) -> Result<Upload, Failure> {
    let kind = call.headers.content_type.clone().unwrap_or_default();
    match kind.split_once("boundary=") {
        Some((_, boundary)) => {
            let boundary = boundary
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .trim_matches('"');
            form(&call.raw, boundary, field).ok_or_else(|| Failure::missing(field))
        }
        None if call.raw.is_empty() => Err(Failure::missing(field)),
        None => Ok(Upload {
            name: call
                .headers
                .file_name
                .clone()
                .unwrap_or_else(|| field.to_owned()),
            mime: if kind.is_empty() {
                "application/octet-stream".to_owned()
            } else {
                kind
            },
            content: call.raw.clone(),
        }),
    }
}

fn form(raw: &Bytes, boundary: &str, field: &str) -> Option<Upload> {
    let delimiter = format!("--{boundary}").into_bytes();
    let starts: Vec<usize> = positions(raw, &delimiter).collect();
    let mut fallback = None;
    for (index, start) in starts.iter().enumerate() {
        let from = start + delimiter.len();
        let until = *starts.get(index + 1)?;
        let part = raw.slice(from..until);
        let Some(head_end) = positions(&part, b"\r\n\r\n").next() else {
            continue;
        };
        let head = String::from_utf8_lossy(&part[..head_end]).into_owned();
        // Before the next delimiter stands the line end that belongs to it.
        let content_end = part
            .len()
            .checked_sub(2)
            .filter(|end| *end >= head_end + 4)?;
        let Some(name) = parameter(&head, "filename") else {
            continue;
        };
        let upload = Upload {
            name,
            mime: header(&head, "content-type")
                .unwrap_or_else(|| "application/octet-stream".to_owned()),
            content: part.slice(head_end + 4..content_end),
        };
        if parameter(&head, "name").as_deref() == Some(field) {
            return Some(upload);
        }
        fallback = fallback.or(Some(upload));
        if index + 2 == starts.len() {
            break;
        }
    }
    fallback
}

fn positions<'a>(text: &'a [u8], pattern: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    text.windows(pattern.len())
        .enumerate()
        .filter(move |(_, window)| *window == pattern)
        .map(|(index, _)| index)
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
}

/// A quoted parameter of the part's disposition.
fn parameter(head: &str, name: &str) -> Option<String> {
    let disposition = header(head, "content-disposition")?;
    disposition.split(';').find_map(|piece| {
        let (key, value) = piece.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_part_of_a_form_is_taken() {
        let body = Bytes::from(
            "--B\r\nContent-Disposition: form-data; name=\"format\"\r\n\r\nsugar-html-json\r\n\
             --B\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n\
             two\r\nlines\r\n--B--\r\n",
        );
        let upload = form(&body, "B", "filename").unwrap();
        assert_eq!(
            (upload.name.as_str(), upload.mime.as_str()),
            ("a.txt", "text/plain")
        );
        assert_eq!(&upload.content[..], b"two\r\nlines");
        assert!(form(&body, "C", "filename").is_none());
    }
}
