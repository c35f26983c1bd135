//! The playbook that a run file keeps, parsed again for what stands in its text alone.

use std::path::Path;

use crate::diag::Sources;
use crate::playbook;
use crate::playbook::Library;
use crate::playbook::Playbook;
use crate::runfile::PlaybookText;

/// None where the text, of another version of sugarmill, does not parse any more.
pub(super) fn playbook(stored: &PlaybookText) -> Option<(Playbook, Sources)> {
    let mut sources = Sources::default();
    let source = sources.add(stored.path.as_str(), stored.text.as_str());
    // Included playbooks are named from the folder of the outer one.
    let folder = Path::new(&stored.path).parent().unwrap_or(Path::new(""));
    let library = Library::Stored(&stored.includes);
    let playbook = playbook::parse(source, folder, &sources)
        .and_then(|playbook| playbook::assemble(playbook, library, &mut sources));
    Some((playbook.ok()?, sources))
}
