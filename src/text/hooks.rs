//! Why alerts from outside are turned away, for whoever set their sender up.

use crate::wire::hooks::{HookTrouble, Misfit};

use super::{all_of, clean_line as line, cut, refusal, trouble};

/// What is wrong, and what would be right.
#[must_use]
pub fn hook_trouble(why: &HookTrouble) -> String {
    match why {
        HookTrouble::NoToken => "a token is missing; it belongs into the header `Authorization: Bearer TOKEN`".into(),
        HookTrouble::Query => "the address ends with its path; a token belongs into the header `Authorization: Bearer \
                               TOKEN`, never into an address"
            .into(),
        HookTrouble::WrongToken => {
            "nobody has this token; `warroom token create NAME` makes one, and the engine's settings name it".into()
        }
        HookTrouble::Expired { at } => {
            format!("this token counts no more since {}; `warroom token create NAME` makes another", at.dated())
        }
        HookTrouble::TooManyTries => {
            "too many wrong tokens came from there; nothing is looked at until a minute is over".into()
        }
        HookTrouble::Encoded => "the body is encoded; send it as plain JSON, without Content-Encoding".into(),
        HookTrouble::TooLarge { limit } => {
            format!("the body has more than {limit} bytes; send fewer alerts at once")
        }
        HookTrouble::TooSlow => "the body did not come in time".into(),
        HookTrouble::Unreadable { why } => format!("the body cannot be read: {}", line(why)),
        HookTrouble::NotFound => {
            "there is nothing here; alerts are posted to /hooks/alertmanager or /hooks/generic".into()
        }
        HookTrouble::Engine(why) => trouble(why),
    }
}

/// What is wrong with an alert, and what would be right.
#[must_use]
pub fn hook_misfit(why: &Misfit) -> String {
    match why {
        Misfit::NoPlan { label, plans } => {
            format!("no {label} says of which plan it is; this token is for {}", all_of(plans))
        }
        Misfit::OtherPlan { token, plan, plans } => {
            format!("token {token} is not for plan {plan}; it is for {}", all_of(plans))
        }
        Misfit::Lacks { what } => format!("it has no {what}"),
        Misfit::Bad { label, value, why } => format!("{label} is \"{}\": {}", cut(&line(value), 80), line(why)),
        Misfit::Refused(why) => refusal(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Moment;
    use crate::wire::Trouble;

    #[test]
    fn whoever_is_turned_away_at_a_hook_is_told_what_would_be_right() {
        for (given, sentence) in [
            (HookTrouble::NoToken, "a token is missing; it belongs into the header `Authorization: Bearer TOKEN`"),
            (
                HookTrouble::Query,
                "the address ends with its path; a token belongs into the header `Authorization: Bearer TOKEN`, never \
                 into an address",
            ),
            (
                HookTrouble::WrongToken,
                "nobody has this token; `warroom token create NAME` makes one, and the engine's settings name it",
            ),
            (
                HookTrouble::Expired { at: Moment::from_micros(0) },
                "this token counts no more since 1970-01-01 00:00:00Z; `warroom token create NAME` makes another",
            ),
            (
                HookTrouble::TooManyTries,
                "too many wrong tokens came from there; nothing is looked at until a minute is over",
            ),
            (HookTrouble::Encoded, "the body is encoded; send it as plain JSON, without Content-Encoding"),
            (HookTrouble::TooLarge { limit: 10 }, "the body has more than 10 bytes; send fewer alerts at once"),
            (HookTrouble::TooSlow, "the body did not come in time"),
            (HookTrouble::Unreadable { why: "no\u{1b}".into() }, "the body cannot be read: no^["),
            (
                HookTrouble::NotFound,
                "there is nothing here; alerts are posted to /hooks/alertmanager or /hooks/generic",
            ),
            (HookTrouble::Engine(Trouble::NotFound { what: "x".into() }), "there is no x"),
        ] {
            assert_eq!(hook_trouble(&given), sentence);
        }
    }

    #[test]
    fn an_alert_that_does_not_fit_is_told_what_would() {
        let plans = || vec!["bank".to_owned(), "shop".to_owned()];
        for (given, sentence) in [
            (
                Misfit::NoPlan { label: "label warroom_plan", plans: plans() },
                "no label warroom_plan says of which plan it is; this token is for bank and shop",
            ),
            (
                Misfit::OtherPlan { token: "am".parse().unwrap(), plan: "mail".parse().unwrap(), plans: plans() },
                "token am is not for plan mail; it is for bank and shop",
            ),
            (Misfit::Lacks { what: "fingerprint" }, "it has no fingerprint"),
            (
                Misfit::Bad { label: "label warroom_site", value: "a\u{1b}b".into(), why: "no".into() },
                "label warroom_site is \"a^[b\": no",
            ),
            (Misfit::Refused(crate::core::refusal::Refusal::NoChannels), NO_CHANNELS),
        ] {
            assert_eq!(hook_misfit(&given), sentence);
        }
    }

    const NO_CHANNELS: &str = "the plan names no channels; say where to, or name channels in the plan";
}
