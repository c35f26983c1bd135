//! Sugar's own labels. Texts beside a label come from the instance's language pack; the label does not, so it is what
//! scripts should look at.

use super::entry::Words;
use crate::wire::SugarLabel;

pub(super) fn words(label: SugarLabel) -> Words {
    match label {
        SugarLabel::BadGateway => Words {
            meaning: "Sugar could not reach a service behind it, such as a connector",
            advice: "wait; where it stays, an administrator looks at the connector",
        },
        SugarLabel::ClientOutdated => Words {
            meaning: "the instance wants a newer client for this platform",
            advice: "use another platform (`SUGAR_PLATFORM`), such as one registered for integrations",
        },
        SugarLabel::EditConflict => Words {
            meaning: "the record was changed after it was read, and the instance refused to overwrite it",
            advice: "plan again: the new plan shows the other change beside yours",
        },
        SugarLabel::FatalError => Words {
            meaning: "an error inside Sugar that it has no better word for, often of a hook or a broken customisation",
            advice: "look into `sugarcrm.log` at the time of the answer; a record that always fails has its cause there",
        },
        SugarLabel::InactivePortalUser => Words {
            meaning: "the portal user is not active",
            advice: "log in as a regular user, or activate the contact for the portal",
        },
        SugarLabel::IncorrectVersion => Words {
            meaning: "the instance does not serve this version of its REST interface",
            advice: "set `SUGAR_API_VERSION` to one it serves; `doctor` says what answers",
        },
        SugarLabel::InvalidGrant => Words {
            meaning: "the login or the token was not accepted: wrong password, an ended session, or an unregistered platform",
            advice: "check user name, password and `SUGAR_PLATFORM`; a second login with the same user and platform ends the first",
        },
        SugarLabel::InvalidParameter => Words {
            meaning: "a value does not suit what it is for: an unknown field, a value no dropdown has, a wrong type; `check` finds most before Sugar does",
            advice: "correct the value as the message says; where the metadata is wrong, name the field in `unchecked`",
        },
        SugarLabel::Maintenance => Words {
            meaning: "the instance is in maintenance mode and lets only administrators in",
            advice: "wait until it is over; `apply` with the same run file goes on",
        },
        SugarLabel::MetadataOutOfDate => Words {
            meaning: "the instance's metadata changed while it was being used",
            advice: "nothing, if the run goes on; otherwise `metadata diff` shows what changed and which playbooks it breaks",
        },
        SugarLabel::MissingParameter => Words {
            meaning: "something required is missing: a key of the playbook, a field of a new record, an argument of a call",
            advice: "add what the message names",
        },
        SugarLabel::NeedLogin => Words {
            meaning: "there was no token with the request, or none that Sugar knows",
            advice: "check `SUGAR_USERNAME` and `SUGAR_PASSWORD`, or get a new `SUGAR_ACCESS_TOKEN`",
        },
        SugarLabel::NoMethod => Words {
            meaning: "the instance has no such endpoint, or not with this HTTP method",
            advice: "check the path of the `call`, and that `SUGAR_API_VERSION` has the endpoint",
        },
        SugarLabel::NotAuthorized => Words {
            meaning: "the user may not do this: a role, a team or an administrator's right stands against it",
            advice: "run as a user whose role allows it, or have the role changed",
        },
        SugarLabel::NotFound => Words {
            meaning: "the record, module or link is not there, or this user cannot see it; of a delete or an unlink that counts as `unchanged`",
            advice: "check the id or the name; a record in another team looks as if it did not exist",
        },
        SugarLabel::PortalNotConfigured => Words {
            meaning: "the login is for the portal, and the instance has none",
            advice: "use another platform (`SUGAR_PLATFORM`); `base` always works",
        },
        SugarLabel::RequestFailure => Words {
            meaning: "a part of the request failed on which the rest depended",
            advice: "look at the message; the call may depend on a service of the instance that is down",
        },
        SugarLabel::RequestTooLarge => Words {
            meaning: "the request is larger than the instance takes",
            advice: "nothing, batches shrink by themselves; one record that is too large alone has to become smaller",
        },
        SugarLabel::SearchRuntime => Words {
            meaning: "the search engine failed at this search",
            advice: "use `filter` where fields are known, or have an administrator rebuild the search index",
        },
        SugarLabel::SearchUnavailable => Words {
            meaning: "the search engine of the instance does not answer",
            advice: "wait, or use `filter`, which asks the database",
        },
        SugarLabel::ServiceUnavailable => Words {
            meaning: "the instance does not serve requests at the moment",
            advice: "wait; `apply` with the same run file goes on where it ended",
        },
    }
}
