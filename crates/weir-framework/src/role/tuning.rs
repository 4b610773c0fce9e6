//! The parameters of similarity, chosen on one half of a labelled set and measured on the other.
//!
//! All of them may move by a fifth without harm; `docs/quality.md` has the figures.

/// The parameters of similarity.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreTuning {
    /// What the best overlap with an alternative title counts.
    pub overlap: f32,
    /// What words of the title cost that the label does not have.
    pub title_only: f32,
    /// What words of the label cost that the title does not have.
    pub label_only: f32,
    /// What agreement over the bridge counts.
    pub bridge: f32,
    /// How sharply the bridge prefers its nearest titles.
    pub sharpness: f32,
    /// Words that more than this part of the bridge's titles have find no titles where a rarer word
    /// does. It saves time, not mistakes.
    pub common: f32,
    /// What words of descriptions and groups count.
    pub context: f32,
    /// What words count that any of a role's labels has.
    pub breadth: f32,
    /// How much labels count beside titles of the bridge in how rare a word is.
    pub label_rarity: f32,
    /// What words of qualifiers count beside words of the role.
    pub qualifier: f32,
    /// What the name of an entry is worth more than its alternative titles.
    pub name_bonus: f32,
    /// What neighbours among accepted titles count.
    pub neighbours: f32,
    /// How much of the prior is learnt; the rest is uniform.
    pub prior_learnt: f32,
    /// What the logarithm of the prior counts.
    pub prior: f32,
    /// What a word of the same family counts beside the word itself.
    pub related: f32,
    /// What a letter-wise near word counts beside the word itself.
    pub near_word: f32,
}

impl Default for ScoreTuning {
    fn default() -> ScoreTuning {
        ScoreTuning {
            overlap: 8.0,
            title_only: 0.5,
            label_only: 1.0,
            bridge: 6.0,
            sharpness: 5.0,
            common: 0.04,
            context: 1.5,
            breadth: 1.5,
            label_rarity: 0.3,
            qualifier: 1.0,
            name_bonus: 0.08,
            neighbours: 8.0,
            prior_learnt: 0.8,
            prior: 1.0,
            related: 0.4,
            near_word: 0.7,
        }
    }
}
