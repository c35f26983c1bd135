//! The summary of a workflow's step, which GitHub shows on the page of a run.

use std::io::Write;
use std::path::Path;

use super::printer;
use super::settings::Settings;
use crate::report::ReportError;

/// GitHub drops a larger summary whole, and it is one for everything a step runs.
const LARGEST: u64 = 1 << 20;

/// Stands where the rest was cut off.
const CUT: &str = "\n\n… cut: GitHub takes no more\n";

/// Appends what a report writes to the summary, where there is one. Nothing fails for it: the run is what counts.
pub(crate) fn append(
    settings: &Settings,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ReportError>,
) {
    let Ok(path) = settings.environment.get("GITHUB_STEP_SUMMARY") else {
        return;
    };
    let path = Path::new(path);
    let mut page = Vec::new();
    if let Err(error) = write(&mut page) {
        printer::say(settings, &format!("the summary cannot be written: {error}"));
        return;
    }
    let page = String::from_utf8_lossy(&page);
    let used = std::fs::metadata(path).map_or(0, |file| file.len());
    let room = usize::try_from(LARGEST.saturating_sub(used)).unwrap_or(usize::MAX);
    let written = std::fs::File::options()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(fitting(&page, room).as_bytes()));
    if let Err(error) = written {
        let path = path.display();
        printer::say(
            settings,
            &format!("the summary cannot be appended to `{path}`: {error}"),
        );
    }
}

/// The page with an empty line behind it, or as many of its lines as there is room for.
fn fitting(page: &str, room: usize) -> String {
    if page.len() < room {
        return format!("{page}\n");
    }
    let Some(room) = room.checked_sub(CUT.len()) else {
        return String::new();
    };
    let mut end = room.min(page.len());
    while !page.is_char_boundary(end) {
        end -= 1;
    }
    // A line that is cut may be a table's, which would swallow what follows.
    match page[..end].rfind('\n') {
        Some(end) => format!("{}{CUT}", &page[..end]),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_between_lines() {
        let page = "### ä\n\n- one\n- two, and more than the sign for what was cut takes\n";
        assert_eq!(fitting(page, 1_000), format!("{page}\n"));
        for room in 0..1_000 {
            let fitted = fitting(page, room);
            assert!(fitted.len() <= room, "{room}: {}", fitted.len());
            let whole = fitted.strip_suffix(CUT).unwrap_or(&fitted);
            assert!(whole.is_empty() || page.starts_with(whole.trim_end_matches('\n')));
        }
        assert_eq!(
            fitting(page, CUT.len() + 20),
            format!("### ä\n\n- one{CUT}")
        );
    }
}
