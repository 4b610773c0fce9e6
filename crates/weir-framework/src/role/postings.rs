//! Titles as sets of stems, inverted: which titles have a stem.

use std::collections::HashMap;

/// Stems and their numbers.
#[derive(Debug, Default)]
pub(super) struct StemTable {
    numbers: HashMap<String, u32>,
}

/// A number that is no stem's.
const NONE: u32 = u32::MAX;

impl StemTable {
    /// The number of a stem, a new one if it is new.
    pub(super) fn add(&mut self, stem: &str) -> u32 {
        if let Some(number) = self.numbers.get(stem) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(NONE);
        self.numbers.insert(stem.to_owned(), number);
        number
    }

    /// The number of a stem, if it is known.
    pub(super) fn number(&self, stem: &str) -> Option<u32> {
        self.numbers.get(stem).copied()
    }

    /// How many stems there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// All stems with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.numbers.iter().map(|(stem, number)| (stem.as_str(), *number))
    }
}

/// Rows of numbers in one vector.
#[derive(Debug, Default)]
pub(super) struct RowList<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> RowList<T> {
    pub(super) fn new(rows: &[Vec<T>]) -> RowList<T> {
        let mut list = RowList { starts: vec![0], items: Vec::new() };
        for row in rows {
            list.items.extend_from_slice(row);
            list.starts.push(u32::try_from(list.items.len()).unwrap_or(u32::MAX));
        }
        list
    }

    /// A row; an empty one where there is none.
    pub(super) fn row(&self, at: u32) -> &[T] {
        let at = at as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(begin), Some(end)) => &self.items[*begin as usize..*end as usize],
            _ => &[],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.starts.len() * 4 + self.items.len() * size_of::<T>()
    }
}

/// Titles with their owners, found by stem.
#[derive(Debug)]
pub(super) struct TitleList {
    /// Titles by stem.
    pub(super) postings: RowList<u32>,
    /// The owner of each title.
    pub(super) owners: Vec<u32>,
    /// The stems of each title.
    pub(super) stems: Vec<Vec<u32>>,
}

impl TitleList {
    /// Builds the list; `titles` are an owner and stems.
    pub(super) fn new(titles: Vec<(u32, Vec<u32>)>, stem_count: usize) -> TitleList {
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); stem_count];
        for (at, (_, stems)) in titles.iter().enumerate() {
            for stem in stems {
                if let Some(row) = rows.get_mut(*stem as usize) {
                    row.push(u32::try_from(at).unwrap_or(NONE));
                }
            }
        }
        let postings = RowList::new(&rows);
        let (owners, stems) = titles.into_iter().unzip();
        TitleList { postings, owners, stems }
    }

    /// In how many titles a stem is.
    pub(super) fn frequency(&self, stem: u32) -> usize {
        self.postings.row(stem).len()
    }

    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let stems: usize = self.stems.iter().map(|row| row.len() * 4 + size_of::<Vec<u32>>()).sum();
        self.postings.bytes() + self.owners.len() * 4 + stems
    }
}

/// Sums per title, without clearing what was never touched.
#[derive(Debug, Default)]
pub(super) struct TouchedSums {
    pub(super) sums: Vec<f32>,
    pub(super) touched: Vec<u32>,
}

impl TouchedSums {
    /// Adds the weights of stems to all titles that have them. Stems that more than `most` titles
    /// have come last and only add to titles that a rarer stem has found, if one has.
    pub(super) fn gather(
        &mut self,
        list: &RowList<u32>,
        size: usize,
        most: usize,
        query: &[(u32, f32)],
    ) {
        if self.sums.len() < size {
            self.sums.resize(size, 0.0);
        }
        let is_rare = |stem: u32| list.row(stem).len() <= most;
        for (stem, weight) in query.iter().filter(|(stem, _)| is_rare(*stem)) {
            self.add(list.row(*stem), *weight);
        }
        let found = !self.touched.is_empty();
        for (stem, weight) in query.iter().filter(|(stem, _)| !is_rare(*stem)) {
            if found {
                self.add_to_found(list.row(*stem), *weight);
            } else {
                self.add(list.row(*stem), *weight);
            }
        }
    }

    fn add_to_found(&mut self, titles: &[u32], weight: f32) {
        for title in titles {
            let sum = &mut self.sums[*title as usize];
            if *sum != 0.0 {
                *sum += weight;
            }
        }
    }

    fn add(&mut self, titles: &[u32], weight: f32) {
        for title in titles {
            let sum = &mut self.sums[*title as usize];
            if *sum == 0.0 {
                self.touched.push(*title);
            }
            *sum += weight;
        }
    }

    /// Gives every touched title with its sum and clears it.
    pub(super) fn drain(&mut self, mut each: impl FnMut(u32, f32)) {
        for title in self.touched.drain(..) {
            let sum = std::mem::take(&mut self.sums[title as usize]);
            each(title, sum);
        }
    }
}
