//! Measures roles on titles that are too many or not free to be kept here.
//!
//! `cargo run --release -p weir-framework --example measure -- HEADS DATA TUNE.csv REPORT.csv`: a
//! folder with `esco.yaml` and `onet-titles.yaml`, a folder with their tables, and two halves of a
//! labelled set (`title,role_id`). Parameters follow as `overlap=8`; `sweep` varies each of them on
//! the first half. `docs/quality.md` says what came of it.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a program for people")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a program for people")]

use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_framework::evaluate::{LabelledTitle, RoleScore, read_titles};
use weir_framework::framework::{Framework, FrameworkHead};
use weir_framework::role::{
    AcceptedTitle, AcceptedTitles, FrameworkIndex, IndexParts, LearntTitles, RoleAd, RoleMatcher,
    RoleThresholds, ScoreTuning,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [heads, data, tune, report, more @ ..] = arguments.as_slice() else {
        panic!("measure HEADS DATA TUNE.csv REPORT.csv [PARAMETER=VALUE ...] [sweep]");
    };
    let load = |name: &str| Arc::new(framework(Path::new(heads), Path::new(data), name));
    let bench = RoleBench {
        framework: load("esco"),
        bridge: load("onet-titles"),
        tune: read_titles(&std::fs::read(tune).unwrap()).unwrap(),
        report: read_titles(&std::fs::read(report).unwrap()).unwrap(),
    };
    let mut tuning = ScoreTuning::default();
    for (name, value) in more.iter().filter_map(|word| word.split_once('=')) {
        *parameter(&mut tuning, name) = value.parse().unwrap();
    }
    let swept: Vec<&str> = more.iter().filter_map(|word| word.strip_prefix("sweep:")).collect();
    if swept.is_empty() { bench.report(&tuning) } else { bench.sweep(&tuning, &swept) }
}

fn framework(heads: &Path, data: &Path, name: &str) -> Framework {
    let yaml = std::fs::read_to_string(heads.join(format!("{name}.yaml"))).unwrap();
    let head: FrameworkHead = serde_saphyr::from_str(&yaml).unwrap();
    let read = |file: &str| std::fs::read(data.join(file)).map_err(|error| error.to_string());
    Framework::build(&head, &read).unwrap_or_else(|faults| panic!("{}", faults[0]))
}

fn parameter<'a>(tuning: &'a mut ScoreTuning, name: &str) -> &'a mut f32 {
    match name {
        "overlap" => &mut tuning.overlap,
        "title_only" => &mut tuning.title_only,
        "label_only" => &mut tuning.label_only,
        "bridge" => &mut tuning.bridge,
        "sharpness" => &mut tuning.sharpness,
        "common" => &mut tuning.common,
        "breadth" => &mut tuning.breadth,
        "label_rarity" => &mut tuning.label_rarity,
        "context" => &mut tuning.context,
        "qualifier" => &mut tuning.qualifier,
        "name_bonus" => &mut tuning.name_bonus,
        "neighbours" => &mut tuning.neighbours,
        "prior_learnt" => &mut tuning.prior_learnt,
        "prior" => &mut tuning.prior,
        "related" => &mut tuning.related,
        "near_word" => &mut tuning.near_word,
        _ => panic!("no parameter is named `{name}`"),
    }
}

struct RoleBench {
    framework: Arc<Framework>,
    bridge: Arc<Framework>,
    tune: Vec<LabelledTitle>,
    report: Vec<LabelledTitle>,
}

impl RoleBench {
    fn index(
        &self,
        tuning: &ScoreTuning,
        learnt: Option<&LearntTitles>,
        accepted: &AcceptedTitles,
    ) -> FrameworkIndex {
        FrameworkIndex::build(IndexParts {
            framework: self.framework.clone(),
            bridge: Some(&self.bridge),
            learnt,
            accepted,
            places: Vec::new(),
            tuning: tuning.clone(),
        })
    }

    /// An index without titles of ads: the prior from the titles of the bridge.
    fn plain(&self, tuning: &ScoreTuning) -> FrameworkIndex {
        self.index(tuning, None, &AcceptedTitles::default())
    }

    /// What unlabelled titles teach.
    fn learn(&self, tuning: &ScoreTuning, titles: &[LabelledTitle]) -> LearntTitles {
        let titles: Vec<&str> = titles.iter().map(|title| title.title.as_str()).collect();
        let (name, version) = (&self.framework.name, &self.framework.version);
        let words = LearntTitles::words(name, version, &titles);
        let index = self.index(tuning, Some(&words), &AcceptedTitles::default());
        words.with_roles(&index, &titles)
    }

    fn report(&self, tuning: &ScoreTuning) {
        let began = Instant::now();
        let plain = Arc::new(self.plain(tuning));
        println!("built in {:.2?}: {:?}", began.elapsed(), plain.size());
        self.speed(&plain);
        self.show("without titles", &plain);
        let learnt = self.learn(tuning, &self.tune);
        let none = AcceptedTitles::default();
        self.show("unlabelled titles", &Arc::new(self.index(tuning, Some(&learnt), &none)));
        for count in [100, 1000] {
            let accepted = accepted(&self.tune, count);
            let index = Arc::new(self.index(tuning, Some(&learnt), &accepted));
            self.show(&format!("{count} accepted"), &index);
        }
    }

    fn speed(&self, index: &Arc<FrameworkIndex>) {
        let matcher = RoleMatcher::new(index.clone(), RoleThresholds::default());
        let began = cpu_time();
        for title in &self.report {
            let _ = matcher.decide(&RoleAd { title: &title.title, locations: &[] });
        }
        let titles = u32::try_from(self.report.len()).unwrap();
        println!("{:.1?} a title on one core", (cpu_time() - began) / titles);
    }

    fn show(&self, name: &str, index: &Arc<FrameworkIndex>) {
        let matcher = RoleMatcher::new(index.clone(), RoleThresholds::default());
        let labels: Vec<(&str, Option<usize>)> = self
            .tune
            .iter()
            .map(|title| {
                let id = title.role.as_deref().unwrap_or_default();
                (title.title.as_str(), self.framework.position(id))
            })
            .collect();
        let calibration = matcher.learn_calibration(&labels);
        let score = RoleScore::of_titles(&matcher.calibrated(calibration), &self.report).unwrap();
        println!("== {name}\n{score}");
    }

    /// The MRR on the tuning half, without titles and with those of the other half.
    fn tried(&self, tuning: &ScoreTuning) -> (f64, f64, f64) {
        let mrr = |index: FrameworkIndex| {
            let matcher = RoleMatcher::new(Arc::new(index), RoleThresholds::default());
            let one = |title: &LabelledTitle| {
                let entry = self.framework.position(title.role.as_deref()?)?;
                Some(1.0 / f64::from(u32::try_from(matcher.rank_of(&title.title, entry)?).ok()?))
            };
            let sum: f64 = self.tune.par_iter().filter_map(one).sum();
            sum / f64::from(u32::try_from(self.tune.len()).unwrap())
        };
        let learnt = self.learn(tuning, &self.report);
        let none = AcceptedTitles::default();
        let accepted = accepted(&self.report, 1000);
        (
            mrr(self.plain(tuning)),
            mrr(self.index(tuning, Some(&learnt), &none)),
            mrr(self.index(tuning, Some(&learnt), &accepted)),
        )
    }

    fn sweep(&self, tuning: &ScoreTuning, names: &[&str]) {
        println!("now {:.4?}", self.tried(tuning));
        for word in names {
            let (name, values) = word.split_once(':').unwrap();
            for value in values.split(',') {
                let mut tuning = tuning.clone();
                *parameter(&mut tuning, name) = value.parse().unwrap();
                println!("{name} {value} {:.4?}", self.tried(&tuning));
            }
        }
    }
}

/// The time that this thread had of a core, where the system says so.
fn cpu_time() -> Duration {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = line.split(' ').next().and_then(|spent| spent.parse().ok());
    Duration::from_nanos(spent.unwrap_or_default())
}

fn accepted(titles: &[LabelledTitle], count: usize) -> AcceptedTitles {
    let step = (titles.len() / count).max(1);
    let chosen = titles.iter().step_by(step).take(count).map(|title| AcceptedTitle {
        title: title.title.clone(),
        role: title.role.clone().unwrap_or_default(),
    });
    AcceptedTitles { accepted: chosen.collect() }
}
