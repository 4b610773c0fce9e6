//! Openings as they were, compared with those that were judged: names stay, what differs is
//! written, and who joined or left is logged. Ads are known here by their jobs, as a job keeps its
//! id when its source renumbers its ads.

use super::evidence::{MemberEvidence, rounded};
use crate::engine::RunError;
use crate::engine::opening_counts::OpeningCounts;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;
use weir_openings::ad::AdKey;
use weir_openings::neighbourhood::RepostPair;
use weir_openings::opening_id::{
    NamedOpening, NamingContext, OpeningId, OpeningName, name_openings,
};
use weir_openings::partition::{OpeningPartition, PairJudge};
use weir_openings::score::lines;
use weir_store::PgConnection;
use weir_store::openings::{self, OpeningChange, OpeningMember, OpeningNameRow, OpeningStamp};
use weir_store::signatures::OpeningState;

/// What came of the ads that were judged, by their jobs.
#[derive(Debug, Default)]
pub(super) struct JudgedOpenings {
    /// The jobs of each opening, the one that leads first.
    pub openings: Vec<Vec<JudgedMember>>,
    /// Every job that was judged.
    pub judged: Vec<Uuid>,
    /// Pairs for an operator.
    pub review: Vec<ReviewPair>,
    /// Re-posts: later job, earlier job, days.
    pub reposts: Vec<(Uuid, Uuid, i32)>,
}

/// A job in an opening.
#[derive(Debug)]
pub(super) struct JudgedMember {
    /// The job.
    pub job: Uuid,
    /// Rank of its source.
    pub rank: i32,
    /// Why it is there.
    pub evidence: MemberEvidence,
}

/// A pair for an operator.
#[derive(Debug)]
pub(super) struct ReviewPair {
    /// The two ads.
    pub ads: [AdKey; 2],
    /// Their jobs.
    pub jobs: [Uuid; 2],
    /// The points.
    pub points: f64,
    /// The points line by line.
    pub lines: Json,
    /// Numbers of their openings among those that were judged.
    pub openings: [usize; 2],
}

impl JudgedOpenings {
    /// Takes everything from the judge that is written.
    pub(super) fn of(
        judge: &PairJudge<'_>,
        partition: OpeningPartition,
        reposts: &[RepostPair],
        jobs: HashMap<AdKey, Uuid>,
    ) -> JudgedOpenings {
        let ads = judge.corpus.ads();
        let job = |at: usize| jobs.get(&ads[at].key).copied().unwrap_or_default();
        let mut opening_of = vec![0; ads.len()];
        let member = |at: usize, members: &[usize]| {
            let rank = judge.policy.rank(&ads[at].key.source);
            let evidence = match members.first() {
                Some(first) if *first != at => MemberEvidence::of(judge, at, members),
                _ => MemberEvidence::first(),
            };
            JudgedMember {
                job: job(at),
                rank: i32::try_from(rank).unwrap_or(i32::MAX),
                evidence,
            }
        };
        let mut found = Vec::with_capacity(partition.openings.len());
        for (number, members) in partition.openings.iter().enumerate() {
            members.iter().for_each(|at| opening_of[*at] = number);
            found.push(members.iter().map(|at| member(*at, members)).collect());
        }
        let pair = |(one, other, points): (usize, usize, f64)| ReviewPair {
            ads: [ads[one].key.clone(), ads[other].key.clone()],
            jobs: [job(one), job(other)],
            points: rounded(points),
            lines: json!(lines(
                &judge.corpus.features(one, other),
                &judge.policy.weights
            )),
            openings: [opening_of[one], opening_of[other]],
        };
        let linked = |pair: &RepostPair| {
            let days = i32::try_from(pair.days).ok()?;
            Some((*jobs.get(&pair.ad)?, *jobs.get(&pair.follows)?, days))
        };
        JudgedOpenings {
            openings: found,
            judged: (0..ads.len()).map(job).collect(),
            review: partition.review.into_iter().map(pair).collect(),
            reposts: reposts.iter().filter_map(linked).collect(),
        }
    }
}

/// A job as something that names openings.
fn naming_key(job: Uuid) -> AdKey {
    AdKey::new("", &job.to_string())
}

fn job_of(key: &AdKey) -> Uuid {
    key.id.parse().unwrap_or_default()
}

fn name_of(row: &OpeningNameRow) -> OpeningName {
    OpeningName {
        id: OpeningId(row.id.as_u128()),
        named_by: naming_key(row.named_by),
        serial: row.serial.cast_unsigned(),
    }
}

fn name_row(name: &OpeningName, opening: Uuid) -> OpeningNameRow {
    OpeningNameRow {
        id: Uuid::from_u128(name.id.0),
        opening_id: opening,
        named_by: job_of(&name.named_by),
        serial: name.serial.cast_signed(),
    }
}

/// The openings that some jobs were in.
struct FormerOpenings {
    members: Vec<OpeningMember>,
    names: Vec<OpeningNameRow>,
}

impl FormerOpenings {
    async fn load(
        tx: &mut PgConnection,
        institution: Uuid,
        jobs: &[Uuid],
    ) -> Result<FormerOpenings, RunError> {
        let members = openings::members(tx, institution, jobs).await?;
        let ids: BTreeSet<Uuid> = members.iter().map(|member| member.opening_id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let names = openings::names(tx, institution, &ids).await?;
        Ok(FormerOpenings { members, names })
    }

    fn ids(&self) -> BTreeSet<Uuid> {
        self.names
            .iter()
            .filter(|name| name.id == name.opening_id)
            .map(|name| name.id)
            .collect()
    }

    fn aliases(&self) -> impl Iterator<Item = &OpeningNameRow> {
        self.names.iter().filter(|name| name.id != name.opening_id)
    }

    fn named(&self) -> Vec<NamedOpening> {
        let mut members: BTreeMap<Uuid, Vec<AdKey>> = BTreeMap::new();
        for member in &self.members {
            members
                .entry(member.opening_id)
                .or_default()
                .push(naming_key(member.job_id));
        }
        let mut aliases: BTreeMap<Uuid, Vec<OpeningName>> = BTreeMap::new();
        for alias in self.aliases() {
            aliases
                .entry(alias.opening_id)
                .or_default()
                .push(name_of(alias));
        }
        let openings = self.names.iter().filter(|name| name.id == name.opening_id);
        let named = openings.map(|row| NamedOpening {
            name: name_of(row),
            members: members.remove(&row.id).unwrap_or_default(),
            aliases: aliases.remove(&row.id).unwrap_or_default(),
        });
        named.collect()
    }
}

/// Names the openings, and writes what differs from those that were.
pub(super) async fn write(
    tx: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    state: &mut OpeningState,
    judged: &JudgedOpenings,
    gone: &[Uuid],
) -> Result<OpeningCounts, RunError> {
    let touched = [judged.judged.as_slice(), gone].concat();
    let former = FormerOpenings::load(tx, stamp.institution, &touched).await?;
    let mut before = former.named();
    let taken = openings::names_by(tx, stamp.institution, &touched).await?;
    before.extend(
        taken
            .iter()
            .filter(|name| !former.names.iter().any(|own| own.id == name.id))
            .map(|name| NamedOpening {
                name: name_of(name),
                members: Vec::new(),
                aliases: Vec::new(),
            }),
    );
    let groups: Vec<Vec<AdKey>> = judged
        .openings
        .iter()
        .map(|members| {
            members
                .iter()
                .map(|member| naming_key(member.job))
                .collect()
        })
        .collect();
    let scope = stamp.institution.to_string();
    let context = NamingContext {
        scope: &scope,
        next_serial: state.next_serial.cast_unsigned(),
    };
    let named = name_openings(&before, &groups, context);
    let newest = named
        .iter()
        .map(|opening| opening.name.serial.cast_signed() + 1)
        .max();
    state.next_serial = state.next_serial.max(newest.unwrap_or_default());
    let (change, counts) = difference(&former, &named, judged, gone);
    openings::write(tx, stamp, &change).await?;
    Ok(counts)
}

/// What differs between the openings that were and those that are.
fn difference(
    former: &FormerOpenings,
    named: &[NamedOpening],
    judged: &JudgedOpenings,
    gone: &[Uuid],
) -> (OpeningChange, OpeningCounts) {
    let mut change = OpeningChange {
        left: gone.to_vec(),
        ..OpeningChange::default()
    };
    let mut counts = OpeningCounts::default();
    let old = former.ids();
    let id = |opening: &NamedOpening| Uuid::from_u128(opening.name.id.0);
    let now: BTreeSet<Uuid> = named.iter().map(id).collect();
    change.gone = old.difference(&now).copied().collect();
    let fresh = named.iter().filter(|opening| !old.contains(&id(opening)));
    change.named = fresh
        .map(|opening| name_row(&opening.name, id(opening)))
        .collect();
    rename(former, named, &mut change);
    counts.merged = change
        .gone
        .iter()
        .filter(|id| change.aliases.iter().any(|a| a.id == **id))
        .count();
    let was: HashMap<Uuid, &OpeningMember> = former
        .members
        .iter()
        .map(|member| (member.job_id, member))
        .collect();
    let reposts = closest(judged);
    for (opening, members) in named.iter().zip(&judged.openings) {
        let opening_id = id(opening);
        let is_new = !old.contains(&opening_id);
        let from = members.iter().find_map(|member| was.get(&member.job));
        counts.split += usize::from(is_new && from.is_some());
        counts.named += usize::from(is_new && from.is_none());
        counts.joined += joined(members, &was, is_new && from.is_none());
        for member in members {
            let stored = was.get(&member.job).copied();
            let now = row(member, opening_id, stored, reposts.get(&member.job));
            counts.reposted += usize::from(
                now.reposted_from.is_some()
                    && now.reposted_from != stored.and_then(|row| row.reposted_from),
            );
            log(&mut change, member, stored, opening_id, members.len() > 1);
            if stored != Some(&now) {
                change.members.push(now);
            }
        }
    }
    for job in gone {
        if let Some(row) = was.get(job) {
            let why = "the run that created the job was rolled back".to_owned();
            change.log.push((row.opening_id, *job, "left", why));
        }
    }
    (change, counts)
}

/// Jobs that are new to an opening; of an opening that is new itself, one founds it.
fn joined(
    members: &[JudgedMember],
    was: &HashMap<Uuid, &OpeningMember>,
    is_founded: bool,
) -> usize {
    let fresh = members.iter().filter(|one| !was.contains_key(&one.job));
    fresh.count() - usize::from(is_founded)
}

/// Aliases of the openings whose aliases differ.
fn rename(former: &FormerOpenings, named: &[NamedOpening], change: &mut OpeningChange) {
    let now: Vec<OpeningNameRow> = named
        .iter()
        .flat_map(|opening| {
            let id = Uuid::from_u128(opening.name.id.0);
            opening.aliases.iter().map(move |alias| name_row(alias, id))
        })
        .collect();
    let key = |row: &OpeningNameRow| (row.id, row.opening_id);
    let old: BTreeSet<(Uuid, Uuid)> = former.aliases().map(key).collect();
    let new: BTreeSet<(Uuid, Uuid)> = now.iter().map(key).collect();
    let renamed: BTreeSet<Uuid> = old
        .symmetric_difference(&new)
        .map(|(_, opening)| *opening)
        .collect();
    change.aliases = now
        .into_iter()
        .filter(|alias| renamed.contains(&alias.opening_id))
        .collect();
    change.renamed = renamed.into_iter().collect();
}

/// For each later job the re-post that it follows most closely.
fn closest(judged: &JudgedOpenings) -> HashMap<Uuid, (Uuid, i32)> {
    let mut found: HashMap<Uuid, (Uuid, i32)> = HashMap::new();
    for (ad, follows, days) in &judged.reposts {
        let best = found.entry(*ad).or_insert((*follows, *days));
        if (*days, *follows) < (best.1, best.0) {
            *best = (*follows, *days);
        }
    }
    found
}

fn row(
    member: &JudgedMember,
    opening_id: Uuid,
    stored: Option<&OpeningMember>,
    repost: Option<&(Uuid, i32)>,
) -> OpeningMember {
    let linked = stored.and_then(|row| row.reposted_from.zip(row.reposted_days));
    let best = [linked, repost.copied()]
        .into_iter()
        .flatten()
        .min_by_key(|(job, days)| (*days, *job));
    OpeningMember {
        job_id: member.job,
        opening_id,
        source_rank: member.rank,
        method: member.evidence.method.to_owned(),
        evidence: member.evidence.facts.clone(),
        reposted_from: best.map(|(job, _)| job),
        reposted_days: best.map(|(_, days)| days),
    }
}

/// Who was alone and is alone is not news.
fn log(
    change: &mut OpeningChange,
    member: &JudgedMember,
    stored: Option<&OpeningMember>,
    opening: Uuid,
    is_shared: bool,
) {
    let moved = stored.is_some_and(|row| row.opening_id != opening);
    if let Some(row) = stored.filter(|_| moved) {
        let why = if is_shared {
            member.evidence.words()
        } else {
            "it agrees with no member".to_owned()
        };
        change.log.push((row.opening_id, member.job, "left", why));
    }
    if moved || stored.is_none() && is_shared {
        change
            .log
            .push((opening, member.job, "joined", member.evidence.words()));
    }
}
