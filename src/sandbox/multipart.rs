//! Forms of several parts, in which files come.

use axum::body::Bytes;
use memchr::memmem;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Files have one, other fields have none.
    pub(crate) file_name: Option<String>,
    pub(crate) mime: Option<String>,
    pub(crate) content: Bytes,
}

/// Whether a content type says that the body is such a form.
pub(crate) fn is_declared(content_type: &str) -> bool {
    content_type
        .get(.."multipart/".len())
        .is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
}

/// The text between the parts, from the content type of such a form.
fn boundary(content_type: &str) -> Option<&str> {
    let (_, boundary) = content_type.split_once("boundary=")?;
    let boundary = boundary.split(';').next().unwrap_or_default();
    Some(boundary.trim().trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// The parts that are there from beginning to end.
pub(crate) fn parts(content_type: &str, raw: &Bytes) -> Vec<Part> {
    let Some(boundary) = boundary(content_type) else {
        return Vec::new();
    };
    let delimiter = format!("--{boundary}");
    let starts: Vec<usize> = memmem::find_iter(raw, delimiter.as_bytes())
        .filter(|start| *start == 0 || raw[..*start].ends_with(b"\r\n"))
        .collect();
    starts
        .windows(2)
        .filter_map(|ends| part(&raw.slice(ends[0] + delimiter.len()..ends[1])))
        .collect()
}

fn part(raw: &Bytes) -> Option<Part> {
    const GAP: &[u8] = b"\r\n\r\n";
    let head_end = memmem::find(raw, GAP)?;
    let head = String::from_utf8_lossy(&raw[..head_end]);
    // Before the next delimiter stands the line end that belongs to it.
    let end = raw.len().checked_sub(2)?;
    let content = raw.slice((head_end + GAP.len()).min(end)..end);
    Some(Part {
        name: parameter(&head, "name")?,
        file_name: parameter(&head, "filename"),
        mime: header(&head, "content-type"),
        content,
    })
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

    const FORM: &[u8] = b"--B\r\nContent-Disposition: form-data; name=\"format\"\r\n\r\nsugar-html-json\r\n\
        --B\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n\
        two\r\n--lines--B\r\n--B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--B--\r\n";

    #[test]
    fn fields_and_files_are_told_apart() {
        let parts = parts("multipart/form-data; boundary=\"B\"", &FORM.into());
        let read: Vec<_> = parts
            .iter()
            .map(|part| {
                (
                    part.name.as_str(),
                    part.file_name.as_deref(),
                    part.mime.as_deref(),
                    &part.content[..],
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                ("format", None, None, &b"sugar-html-json"[..]),
                (
                    "filename",
                    Some("a.txt"),
                    Some("text/plain"),
                    b"two\r\n--lines--B"
                ),
                ("empty", None, None, b""),
            ]
        );
    }

    #[test]
    fn what_is_cut_off_is_left_out() {
        for length in 0..FORM.len() {
            let some = parts(
                "multipart/form-data; boundary=B",
                &Bytes::from_static(&FORM[..length]),
            );
            assert!(some.len() <= 3, "{length}");
        }
        assert!(parts("multipart/form-data", &FORM.into()).is_empty());
        assert!(parts("multipart/form-data; boundary=C", &FORM.into()).is_empty());
    }
}
