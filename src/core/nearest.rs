//! The name that was probably meant.

/// The candidate that a text was probably meant to be: a typing slip away, or the same with a first word such as `plan_`.
pub(crate) fn nearest<'c>(text: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    // Bounds what a hostile text can cost: distances grow with both lengths, and with every candidate.
    const LONGEST: usize = 80;
    const MOST: usize = 2_000;
    let length = text.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let allowed = (length / 3).clamp(1, 3);
    let lower = text.to_lowercase();
    let distance = |candidate: &str| match candidate.strip_suffix(&lower).is_some_and(|rest| rest.ends_with('_')) {
        true => 1,
        false => strsim::osa_distance(&lower, &candidate.to_lowercase()),
    };
    candidates
        .take(MOST)
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_a_slip_away() {
        let known = ["mode", "lag", "step.check", "step.fence", "plan_name", "timeout"];
        for (text, meant) in [
            ("mdoe", Some("mode")),
            ("Lag", Some("lag")),
            ("name", Some("plan_name")),
            ("timout", Some("timeout")),
            ("step.chekc", Some("step.check")),
            ("weather", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, known.into_iter()), meant, "{text:?}");
        }
    }
}
