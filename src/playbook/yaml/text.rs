//! From bytes to text, and from text to one located document.

use encoding_rs::Encoding;
use encoding_rs::UTF_8;

use super::super::code;
use super::super::node::Node;
use super::tree::Document;
use super::tree::tree;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SourceId;
use crate::diag::Sources;
use crate::diag::Span;

/// A playbook of 10,000 steps has about 2 MB. Rows belong into data files, which are streamed.
pub const LARGEST_TEXT: usize = 16 * 1024 * 1024;

/// What replaces bytes that are no text.
const REPLACEMENT: char = '\u{fffd}';

/// Makes the bytes of a file a source: UTF-8, or what its byte-order mark says, without the mark.
///
/// # Errors
/// Bytes that are no text are one problem, at the first of them.
pub fn decode(name: &str, bytes: &[u8], sources: &mut Sources) -> Result<SourceId, Problems> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let (text, is_broken) = encoding.decode_without_bom_handling(&bytes[mark..]);
    // A replacement character that was written down is none of ours.
    let broken_at = is_broken.then(|| match encoding == UTF_8 {
        true => {
            std::str::from_utf8(&bytes[mark..]).map_or_else(|error| error.valid_up_to(), str::len)
        }
        false => text.find(REPLACEMENT).unwrap_or_default(),
    });
    // A carriage return alone ends lines where no other sign does, for YAML as on old machines.
    let text = match text.contains('\r') && !text.contains('\n') {
        true => text.replace('\r', "\n").into(),
        false => text,
    };
    let source = sources.add(name, text);
    let Some(start) = broken_at else {
        return Ok(source);
    };
    let span = Span::new(source, start..start + REPLACEMENT.len_utf8());
    Err(Problem::error(
        code::NOT_UTF8,
        format!("a byte that is not {}", encoding.name()),
    )
    .at(span, "no text here")
    .help("save the file as UTF-8")
    .into())
}

/// Reads one YAML document.
///
/// # Errors
/// All that is wrong with it at once.
pub fn read(source: SourceId, text: &str) -> Result<Located<Node>, Problems> {
    let Document { root, problems, .. } = read_as_far(source, text)?;
    problems.or(root)
}

/// The same, with duplicate keys, keys that are no text and numbers that cannot be kept beside what could be read.
///
/// # Errors
/// A syntax error, because nothing behind it can be trusted.
pub fn read_as_far(source: SourceId, text: &str) -> Result<Document, Problems> {
    if text.len() > LARGEST_TEXT {
        return Err(too_large().into());
    }
    tree(source, text)
}

/// For a text that nobody needs to read to the end.
fn too_large() -> Problem {
    let mebibytes = LARGEST_TEXT / 1024 / 1024;
    let message = format!("the text is larger than {mebibytes} MiB");
    Problem::error(code::YAML_LIMIT, message)
        .help("put rows into a data file and name it in `for_each`")
}
