//! A fault of the workbook reader ends the thread it reads in, and is told in our words; nobody has to see its own.

use std::panic::set_hook;
use std::panic::take_hook;
use std::sync::Once;
use std::thread;

/// The thread in which workbooks are read.
pub(super) const READER: &str = "workbook";

/// Keeps what such a fault would print from standard error. For programs: a library leaves that alone.
pub fn hush_workbooks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |fault| {
            if thread::current().name() != Some(READER) {
                others(fault);
            }
        }));
    });
}
