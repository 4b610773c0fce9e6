//! What a run would do to openings, for the plan of jobs: each opening once, with the ads that
//! would join and leave it. It only groups what the run logged.

use uuid::Uuid;
use weir_store::opening_views::OpeningNews;

/// An opening that would change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OpeningPlan<'n> {
    opening: Uuid,
    /// Title of the ad that would lead.
    pub title: &'n str,
    /// Its ads, the one that would lead first.
    pub ads: String,
    /// Who would join (`+`) or leave (`-`), and why.
    pub moves: Vec<(char, &'n str, &'n str)>,
}

/// The openings that would change, in the order in which that was found out. That the first ad
/// leads is no news, nor is what an opening loses that ends: its ads join another.
pub(super) fn plans(news: &[OpeningNews]) -> Vec<OpeningPlan<'_>> {
    let mut all: Vec<OpeningPlan> = Vec::new();
    for one in news {
        let (Some(title), Some(ads)) = (&one.title, &one.ads) else {
            continue;
        };
        let at = all.iter().position(|plan| plan.opening == one.opening);
        let at = at.unwrap_or_else(|| {
            all.push(OpeningPlan {
                opening: one.opening,
                title,
                ads: ads.join(" + "),
                moves: Vec::new(),
            });
            all.len() - 1
        });
        let leads = ads.first() == Some(&one.ad);
        match one.what.as_str() {
            "left" => all[at].moves.push(('-', &one.ad, &one.reason)),
            _ if leads => {}
            _ => all[at].moves.push(('+', &one.ad, &one.reason)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(opening: u128, ads: Option<&str>, what: &str, ad: &str) -> OpeningNews {
        let ads = ads.map(|ads| ads.split(' ').map(str::to_owned).collect());
        OpeningNews {
            opening: Uuid::from_u128(opening),
            title: ads.as_ref().map(|_| "Nurse".to_owned()),
            ads,
            what: what.to_owned(),
            ad: ad.to_owned(),
            reason: "score +4.5".to_owned(),
        }
    }

    #[test]
    fn each_opening_is_told_once() {
        let all = [
            news(1, Some("a:1 b:2"), "joined", "a:1"),
            news(2, None, "left", "b:2"),
            news(1, Some("a:1 b:2"), "joined", "b:2"),
            news(3, Some("c:3"), "left", "a:4"),
        ];
        let told: Vec<(String, usize, char)> = plans(&all)
            .into_iter()
            .map(|plan| (plan.ads, plan.moves.len(), plan.moves[0].0))
            .collect();
        assert_eq!(
            told,
            [("a:1 + b:2".to_owned(), 1, '+'), ("c:3".to_owned(), 1, '-')]
        );
    }
}
