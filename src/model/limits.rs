//! Bounds on everything that comes from outside. Each is explicit, documented, and has a typed error.

/// Bounds on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Bytes of the request text.
    pub bytes: usize,
    /// Bytes of one string.
    pub text_bytes: usize,
    /// Elements of one array: a set, or a list that fans out.
    pub elements: usize,
    /// Decisions one request may fan out to.
    pub parts: usize,
}

impl Default for RequestLimits {
    /// 1 MiB, strings of 8 KiB, arrays of 1 000, 1 000 parts.
    fn default() -> Self {
        Self { bytes: 1 << 20, text_bytes: 8 << 10, elements: 1_000, parts: 1_000 }
    }
}

/// Bounds on a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleLimits {
    /// Bytes of one file.
    pub file_bytes: usize,
    /// Files.
    pub files: usize,
    /// Nesting of one file.
    pub depth: usize,
    /// Nodes of one file.
    pub nodes: usize,
    /// Findings reported; the rest is counted.
    pub findings: usize,
    /// Levels of `extends`.
    pub levels: usize,
}

impl Default for BundleLimits {
    /// 8 MiB a file, 1 000 files, 24 levels of nesting, 1 000 000 nodes, 1 000 findings, 8 levels of `extends`.
    fn default() -> Self {
        Self { file_bytes: 8 << 20, files: 1_000, depth: 24, nodes: 1_000_000, findings: 1_000, levels: 8 }
    }
}

/// Bounds on one script and on one run of it. The same in debug and release builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptLimits {
    /// Bytes of the text.
    pub text_bytes: usize,
    /// Operations of one run.
    pub operations: u64,
    /// Nesting of calls.
    pub call_levels: usize,
    /// Nesting of expressions.
    pub expression_depth: usize,
    /// Bytes of a string made by a script.
    pub string_bytes: usize,
    /// Elements of an array made by a script.
    pub array_elements: usize,
    /// Variables in scope.
    pub variables: usize,
}

impl Default for ScriptLimits {
    /// 64 KiB of text, 10 000 operations, 8 call levels, 32 levels of expressions, strings of 4 KiB, arrays of 1 000,
    /// 64 variables.
    fn default() -> Self {
        Self {
            text_bytes: 64 << 10,
            operations: 10_000,
            call_levels: 8,
            expression_depth: 32,
            string_bytes: 4 << 10,
            array_elements: 1_000,
            variables: 64,
        }
    }
}

/// All bounds of an engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bounds on requests.
    pub request: RequestLimits,
    /// Bounds on bundles.
    pub bundle: BundleLimits,
    /// Bounds on scripts.
    pub script: ScriptLimits,
}
