//! Kinds of operations that are looked for, as conditions of SQL.

/// Which operations of a step are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// Failed and unknown ones.
    Bad,
    /// The same while others are under way, which are not unknown before nobody waits for them any more.
    BadSoFar,
    /// The others.
    Fine,
    /// Nothing went wrong, and there is still something to say: skipped for another reason than its condition or
    /// the flags of the plan, or unchanged with a remark.
    Noted,
    /// What changes the instance, or would: planned, deferred or done.
    Changing,
    /// Of the changing ones those that cannot be taken back.
    Irreversible,
    /// Deletes that are planned, under way or done.
    Deletes,
    /// Irreversible ones that are no deletes.
    OtherIrreversible,
    /// What is not known before something else has run.
    Deferred,
}

impl Which {
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::All => "1",
            Self::Bad => "op.state IN ('failed', 'unknown', 'sent')",
            Self::BadSoFar => "op.state IN ('failed', 'unknown')",
            Self::Fine => "op.state NOT IN ('failed', 'unknown', 'sent')",
            Self::Noted => {
                "((op.state = 'skipped' AND op.label NOT IN ('local:condition', 'local:left_out')) \
                 OR (op.state = 'unchanged' AND op.message IS NOT NULL))"
            }
            Self::Changing => "op.state IN ('planned', 'deferred', 'ok')",
            Self::Irreversible => {
                "op.reversible = 0 AND op.state IN ('planned', 'deferred', 'sent', 'unknown', 'ok')"
            }
            Self::Deletes => {
                "op.action = 'delete' AND op.state IN ('planned', 'deferred', 'sent', 'unknown', 'ok')"
            }
            Self::OtherIrreversible => {
                "op.reversible = 0 AND op.action <> 'delete' AND op.state IN ('planned', 'sent', 'unknown', 'ok')"
            }
            Self::Deferred => "op.state = 'deferred'",
        }
    }
}
