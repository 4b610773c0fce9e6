//! Candidates from buckets. A bucket that holds more ads than the cap keeps the ones with the
//! smallest ranks, and a rank is a function of the key, the content and the id: which rows came
//! first never matters. What a cap leaves out is reported, not hidden.

use crate::blocking::BlockKey;
use crate::corpus::SignatureCorpus;
use crate::hash::{mixed, word_hash};
use crate::signature::OpeningSignature;
use rayon::prelude::*;

/// A bucket that held more ads than the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CappedBucket {
    /// Which bucket.
    pub key: BlockKey,
    /// Ads in it.
    pub ads: usize,
}

/// Who shares a bucket with whom.
#[derive(Debug, Default)]
pub struct BucketIndex {
    /// Ads of each bucket within its cap, bucket by bucket.
    members: Vec<u32>,
    /// Where each bucket begins in `members`; one more at the end.
    starts: Vec<usize>,
    /// The buckets of each ad.
    of_ad: Vec<Vec<u32>>,
    /// Buckets over the cap.
    capped: Vec<CappedBucket>,
}

/// The rank of an ad in a bucket: the smallest stay within the cap.
pub fn bucket_rank(key: BlockKey, ad: &OpeningSignature) -> u64 {
    let id = word_hash(&ad.key.id) ^ word_hash(&ad.key.source).rotate_left(32);
    mixed(mixed(key.0.cast_unsigned() ^ ad.content) ^ id)
}

impl BucketIndex {
    /// Puts all ads into their buckets.
    pub fn of(corpus: &SignatureCorpus, cap: usize) -> BucketIndex {
        let ads = corpus.ads();
        let mut rows: Vec<(BlockKey, u32)> = (0_u32..).zip(ads).flat_map(keyed).collect();
        rows.par_sort_unstable();
        let mut index = BucketIndex { of_ad: vec![Vec::new(); ads.len()], ..Default::default() };
        for bucket in rows.chunk_by(|a, b| a.0 == b.0).filter(|bucket| bucket.len() > 1) {
            index.add(bucket, ads, cap);
        }
        index.starts.push(index.members.len());
        index
    }

    fn add(&mut self, bucket: &[(BlockKey, u32)], ads: &[OpeningSignature], cap: usize) {
        let key = bucket[0].0;
        let mut members: Vec<u32> = bucket.iter().map(|(_, ad)| *ad).collect();
        if members.len() > cap {
            self.capped.push(CappedBucket { key, ads: members.len() });
            members.sort_by_cached_key(|ad| (bucket_rank(key, &ads[*ad as usize]), *ad));
            members.truncate(cap);
        }
        let number = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        self.starts.push(self.members.len());
        members.iter().for_each(|ad| self.of_ad[*ad as usize].push(number));
        self.members.extend(members);
    }

    /// Buckets that are within their caps already, with the positions of their ads.
    pub fn of_buckets(
        corpus: &SignatureCorpus,
        mut buckets: Vec<(BlockKey, Vec<usize>)>,
    ) -> BucketIndex {
        buckets.sort_unstable();
        let mut index =
            BucketIndex { of_ad: vec![Vec::new(); corpus.ads().len()], ..Default::default() };
        for (_, members) in buckets.into_iter().filter(|(_, members)| members.len() > 1) {
            let members = members.into_iter().filter_map(|ad| u32::try_from(ad).ok()).collect();
            index.close(members);
        }
        index.starts.push(index.members.len());
        index
    }

    fn close(&mut self, members: Vec<u32>) {
        let number = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        self.starts.push(self.members.len());
        members.iter().for_each(|ad| self.of_ad[*ad as usize].push(number));
        self.members.extend(members);
    }

    /// The candidates of an ad, sorted, each once.
    pub fn candidates(&self, ad: usize) -> Vec<usize> {
        let buckets = self.of_ad[ad].iter().map(|bucket| *bucket as usize);
        let members = buckets.flat_map(|at| &self.members[self.starts[at]..self.starts[at + 1]]);
        let mut found: Vec<usize> = members.map(|member| *member as usize).collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|other| *other != ad);
        found
    }

    /// Buckets over the cap.
    pub fn capped(&self) -> &[CappedBucket] {
        &self.capped
    }
}

fn keyed((at, ad): (u32, &OpeningSignature)) -> impl Iterator<Item = (BlockKey, u32)> {
    ad.blocks.iter().map(move |key| (*key, at))
}
