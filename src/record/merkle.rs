//! The Merkle tree of RFC 6962 over the hashes of entries: roots while appending, and paths of inclusion.

use sha2::{Digest, Sha256};

use super::entry::Hash;

/// The hash of a leaf: a zero byte, then the entry's hash.
#[must_use]
pub fn leaf(entry: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry.0).finalize().into())
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The tree over what was appended so far, as the roots of its complete subtrees, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    count: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let (mut hash, mut size) = (leaf, self.count);
        while size & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                hash = node(&left, &hash);
            }
            size >>= 1;
        }
        self.peaks.push(hash);
        self.count = self.count.saturating_add(1);
    }

    /// The number of leaves.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The root; of no leaves, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Hash(Sha256::digest([]).into()) };
        peaks.fold(*last, |right, left| node(left, &right))
    }

    /// The peaks one after the other, for storing.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| peak.0).collect()
    }

    /// Reads what [`Frontier::to_bytes`] wrote; `None` when it does not fit the count.
    #[must_use]
    pub fn from_bytes(count: u64, bytes: &[u8]) -> Option<Self> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        let wanted = usize::try_from(count.count_ones()).ok()?;
        let peaks: Vec<Hash> = peaks.iter().map(|peak| Hash(*peak)).collect();
        (rest.is_empty() && peaks.len() == wanted).then_some(Self { count, peaks })
    }
}

/// The ranges of leaves (first, number) whose roots make the path of a leaf, from the leaf up.
#[must_use]
pub fn path_ranges(leaf: u64, count: u64) -> Vec<(u64, u64)> {
    let (mut from, mut size, mut out) = (0_u64, count, Vec::new());
    if leaf >= count {
        return out;
    }
    while size > 1 {
        let left = 1_u64 << size.saturating_sub(1).ilog2();
        let (middle, right) = (from.saturating_add(left), size.saturating_sub(left));
        if leaf < middle {
            out.push((middle, right));
            size = left;
        } else {
            out.push((from, left));
            (from, size) = (middle, right);
        }
    }
    out.reverse();
    out
}

/// The root that a path leads to; `None` when the path does not fit the position.
#[must_use]
pub fn root_of_path(entry: &Hash, at: u64, count: u64, path: &[Hash]) -> Option<Hash> {
    let ranges = path_ranges(at, count);
    if at >= count || ranges.len() != path.len() {
        return None;
    }
    let join = |hash: Hash, (sibling, (from, _)): (&Hash, (u64, u64))| {
        if from > at { node(&hash, sibling) } else { node(sibling, &hash) }
    };
    Some(path.iter().zip(ranges).fold(leaf(entry), join))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u64) -> Vec<Hash> {
        (0..count).map(|n| Hash(Sha256::digest(n.to_be_bytes()).into())).collect()
    }

    /// RFC 6962, section 2.1, word for word.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash(Sha256::digest([]).into()),
            [one] => *one,
            _ => {
                let half = leaves.len().next_power_of_two() >> 1;
                let (left, right) = leaves.split_at(half);
                node(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn roots_and_paths_are_those_of_the_definition() {
        for count in 0..70_u64 {
            let entries = entries(count);
            let leaves: Vec<Hash> = entries.iter().map(leaf).collect();
            let mut frontier = Frontier::default();
            leaves.iter().for_each(|leaf| frontier.push(*leaf));
            let root = by_definition(&leaves);
            assert_eq!(frontier.root(), root);
            assert_eq!(Frontier::from_bytes(count, &frontier.to_bytes()), Some(frontier));
            for (at, entry) in (0_u64..).zip(&entries) {
                let range = |(from, size): (u64, u64)| {
                    leaves.iter().skip(from as usize).take(size as usize).copied().collect::<Vec<_>>()
                };
                let path: Vec<Hash> = path_ranges(at, count).into_iter().map(|r| by_definition(&range(r))).collect();
                assert_eq!(root_of_path(entry, at, count, &path), Some(root));
                assert_ne!(root_of_path(entry, at + 1, count, &path), Some(root), "another place");
                assert_eq!(root_of_path(entry, count, count, &path), None);
            }
        }
    }

    #[test]
    fn known_roots() {
        let root = |n| by_definition(&entries(n).iter().map(leaf).collect::<Vec<_>>()).to_string();
        assert_eq!(root(0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Frontier::from_bytes(3, &[0; 32]), None);
        assert_eq!(Frontier::from_bytes(1, &[0; 33]), None);
    }
}
