//! What sugarmill finds itself of an operation. The prefix `local:` keeps it from being taken for Sugar's word.

use super::entry::Words;
use crate::wire::LocalLabel;

pub(super) fn words(label: LocalLabel) -> Words {
    match label {
        LocalLabel::Ambiguous => Words {
            meaning: "more than one record matches, so it is not known which is meant",
            advice: "match by a field that is different for every record, or merge the duplicates first",
        },
        LocalLabel::Condition => Words {
            meaning: "the step's `when` was false for this item, so it was skipped",
            advice: "nothing; skips by `when` neither fail a run nor block other steps",
        },
        LocalLabel::Conflict => Words {
            meaning: "two operations contradict each other: they set a field of a record to different values, add to a field what the other takes out, link and unlink the same records, create the record that the other would create too, write the same file, or one deletes what the other writes to",
            advice: "drop one of the two, or say with `depends_on` which of the two comes first; a delete comes last",
        },
        LocalLabel::Dependency => Words {
            meaning: "something this operation is built on failed, is unknown, or was skipped for the same reason",
            advice: "mend what failed first, then `apply --retry-failed`; `depends_on: {step: finished}` waits without blocking",
        },
        LocalLabel::Drift => Words {
            meaning: "somebody changed the record since it was planned, and what the plan would set is no longer what it replaces",
            advice: "plan again and look at the difference; other records of the run are not touched by this",
        },
        LocalLabel::DuplicateKey => Words {
            meaning: "two items of a step have the same `key`, so one of them could not be told from the other",
            advice: "make the key longer, such as by a second column, or set `on_duplicate: first` or `last`",
        },
        LocalLabel::EmptyMatch => Words {
            meaning: "a value to match by is empty, which would match any record that lacks it",
            advice: "leave such rows out with `when`, or fill the value in the data",
        },
        LocalLabel::Expect => Words {
            meaning: "the step's `expect`, or an `assert`, did not hold",
            advice: "look at the records the step found; a plan with a failed expectation cannot be applied",
        },
        LocalLabel::Export => Words {
            meaning: "a file could not be written; the instance is as the run left it",
            advice: "mend what the message names, then `apply` the same run file: it writes its exports again",
        },
        LocalLabel::Http => Words {
            meaning: "an HTTP status that came without a label of Sugar, so perhaps not from Sugar at all",
            advice: "check the address; a gateway, proxy or firewall in between may have answered",
        },
        LocalLabel::IdTaken => Words {
            meaning: "the id computed for a new record belongs to one that was deleted, or that this user cannot see",
            advice: "raise `generation` in the playbook, or give `--generation N`: all its creates get new ids",
        },
        LocalLabel::InvalidValue => Words {
            meaning: "a row of a data file cannot be read, or a value out of a row or a template does not suit its field",
            advice: "correct the row that the message names (often a cell with a delimiter or a quote in it is not quoted), \
                     or convert the value in the template, as with `parse_date`",
        },
        LocalLabel::Irreversible => Words {
            meaning: "undo cannot take this operation back: what it would need is not known to anybody",
            advice: "look at what `show` of the run says was there before, and put back by hand what is needed",
        },
        LocalLabel::LeftOut => Words {
            meaning: "the step was left out of this run by `--only`, `--skip` or `--tags`",
            advice: "nothing; a plan without these flags has it",
        },
        LocalLabel::MissingKey => Words {
            meaning: "`by_key` or `lookup` was asked for a key that no item has",
            advice: "correct the data, or give `lookup` a default; other items are not touched by this",
        },
        LocalLabel::Network => Words {
            meaning: "the connection failed, before or while the request was answered",
            advice: "check the way to the instance; whether a write arrived is found out before it is repeated",
        },
        LocalLabel::NotJson => Words {
            meaning: "the answer is not JSON: mostly an error page of a gateway in front of the instance",
            advice: "look at the excerpt; where requests take too long for the gateway, lower `settings.batch_size`",
        },
        LocalLabel::NotStored => Words {
            meaning: "Sugar said 200, and the record it gave back does not hold what was sent",
            advice: "look for a hook, a formula or a missing right on the fields named; `verify: warn` tolerates it",
        },
        LocalLabel::Template => Words {
            meaning: "a template could not be worked out for this item",
            advice: "the message names the value that is missing or of the wrong kind; `default(…)` gives another",
        },
        LocalLabel::Timeout => Words {
            meaning: "no answer came in time",
            advice: "raise `settings.request_timeout` or lower `settings.batch_size`; whether a write arrived is found out before it is repeated",
        },
    }
}
