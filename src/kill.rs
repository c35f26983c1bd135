//! Places at which a test lets the process die, as `kill -9` would: between what was planned and what is written down.
//!
//! Only tests are built with them (feature `kill-points`, which the package asks of itself among the dependencies of its
//! tests). In any other build [`passes`] is nothing at all.

/// A place where it matters whether the process goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Some of a step's items are in the run file, and the step does not count as expanded.
    InExpansion,
    /// Some pages of a read are in the run file, and the read is not at its end.
    InRead,
    /// A deferred operation is taken out and not yet put in anew, within a transaction.
    InReplace,
    /// Deferred operations of a page were planned, others were not yet.
    AfterReplace,
    /// A plan is whole, and not yet under its name.
    BeforeName,
    /// Records are left out of what is about to go, and nothing of it is marked as sent.
    AfterOmit,
    /// Some operations of a batch are marked as sent, within a transaction.
    InSent,
    /// A batch is written down as sent, and has not left.
    AfterSent,
    /// A batch came back, and nothing of it is written down.
    AfterAnswer,
    /// Ids that the instance gave are in the ledger, and the run file has no outcome of their creates.
    AfterLedger,
    /// It is known how the instance treats ids, and not what became of the create that showed it.
    AfterLearn,
    /// An outcome is written, and those that wait for it have not heard, within a transaction.
    InSettle,
    /// Outcomes are written, and what was built on those that went wrong is not skipped yet.
    AfterSettle,
    /// Some of what was built on a failed operation is skipped.
    InSkip,
    /// A lost answer was asked about and written down, others were not yet.
    AfterQuestion,
    /// Everything of a batch is written down.
    AfterRecord,
    /// One operation that was left open by an earlier apply is settled, others are not yet.
    InReconcile,
    /// All is done, and the journal is not folded into the one file.
    BeforeFinish,
    /// An undo is planned, and its run does not know yet.
    BeforeNote,
    /// The run knows that it is undone, and nothing of the undo was sent.
    AfterNote,
}

/// Does nothing.
#[cfg(not(feature = "kill-points"))]
#[inline]
pub fn passes(_: Point) {}

#[cfg(feature = "kill-points")]
pub use armed::ALL;
#[cfg(feature = "kill-points")]
pub use armed::arm;
#[cfg(feature = "kill-points")]
pub use armed::passes;

#[cfg(feature = "kill-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering;

    use super::Point;

    static ARMED: OnceLock<(Point, u64)> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    /// Makes the process die at the n-th passage of a point, written `AfterSent:3`.
    pub fn arm(text: &str) {
        let (name, passage) = text.split_once(':').expect("POINT:N");
        let passage = passage.parse().expect("a number of passages");
        let point = ALL.iter().find(|point| format!("{point:?}") == name);
        let point = *point.expect("the name of a point");
        ARMED.set((point, passage)).expect("a process dies once");
    }

    /// Dies here, where that is wanted.
    pub fn passes(point: Point) {
        if let Some((at, passage)) = ARMED.get()
            && *at == point
            && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *passage
        {
            std::process::abort();
        }
    }

    /// Every point, in order.
    pub const ALL: [Point; 20] = [
        Point::InExpansion,
        Point::InRead,
        Point::InReplace,
        Point::AfterReplace,
        Point::BeforeName,
        Point::AfterOmit,
        Point::InSent,
        Point::AfterSent,
        Point::AfterAnswer,
        Point::AfterLedger,
        Point::AfterLearn,
        Point::InSettle,
        Point::AfterSettle,
        Point::InSkip,
        Point::AfterQuestion,
        Point::AfterRecord,
        Point::InReconcile,
        Point::BeforeFinish,
        Point::BeforeNote,
        Point::AfterNote,
    ];

    #[test]
    fn no_point_is_forgotten() {
        let numbers: Vec<usize> = ALL.iter().map(|point| *point as usize).collect();
        let all: Vec<usize> = (0..=Point::AfterNote as usize).collect();
        assert_eq!(numbers, all);
    }
}
