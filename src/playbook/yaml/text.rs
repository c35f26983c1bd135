//! From bytes to text, and from text to one located document.

use super::super::code;
use super::super::node::Node;
use super::tree::tree;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SourceId;

/// A playbook of 10,000 steps has about 2 MB. Rows belong into data files, which are streamed.
pub const LARGEST_TEXT: usize = 16 * 1024 * 1024;

/// The bytes of a file as text, without a byte-order mark.
///
/// # Errors
/// Bytes that are no UTF-8 are one problem that says where, as far as bytes have a line.
pub fn decode(bytes: Vec<u8>) -> Result<String, Problems> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..valid];
        let line = before.split(|byte| *byte == b'\n').count();
        Problems::from(
            Problem::error(
                code::NOT_UTF8,
                format!("line {line} has a byte that is not UTF-8"),
            )
            .help("save the file as UTF-8"),
        )
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Reads one YAML document.
///
/// # Errors
/// A syntax error is one problem, because nothing behind it can be trusted. Duplicate keys, keys that are no text and
/// numbers that cannot be kept are collected.
pub fn read(source: SourceId, text: &str) -> Result<Located<Node>, Problems> {
    if text.len() > LARGEST_TEXT {
        return Err(too_large().into());
    }
    tree(source, text)
}

/// For a text that nobody needs to read to the end.
pub fn too_large() -> Problem {
    let mebibytes = LARGEST_TEXT / 1024 / 1024;
    let message = format!("the text is larger than {mebibytes} MiB");
    Problem::error(code::YAML_LIMIT, message)
        .help("put rows into a data file and name it in `for_each`")
}
