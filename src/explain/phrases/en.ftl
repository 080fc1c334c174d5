# The fixed words of an explanation. Paths, codes and places are filled in as they are written elsewhere.

outcome-permit = PERMIT
outcome-deny = DENY
outcome-needs-information = NEEDS INFORMATION
outcome-refer = REFER
outcome-not-covered = NOT COVERED

head-decision = { $outcome } · { $kind } · at { $at }
head-bundle = bundle { $name } { $version } · { $digest }
head-request = request { $id }
head-reasons = Why
head-results = Results
head-obligations = To be carried out, and good to know
head-decided = Rules that decided
head-matched = Rules that matched as well
head-undetermined = Rules that cannot be told yet
head-failed = Rules that could not be evaluated
head-not-in-force = Rules that were not in force then
head-met = Rules whose questions are answered
head-not-matched = Rules that did not match
head-facts = Facts
head-settings = Settings that the rules read
head-changes = What would have to change

value-same-as = the value of { $fact }
value-empty = none
and = { " and " }
and-more = { $count ->
    [one] { $count } more
   *[other] { $count } more
}

state-private = given, and private
state-absent = not given
state-missing = not known
state-missing-bases = not known without { $facts }
state-unrecognised = “{ $written }”, which no registry knows
state-ambiguous = “{ $written }”, which may mean { $candidates }
state-failed = not computable: { $error }

wanted-one-of = one of { $values }
wanted-in-list = an entry of the list { $list }
wanted-at-least = at least { $limit }
wanted-at-most = at most { $limit }
wanted-more-than = more than { $limit }
wanted-less-than = less than { $limit }
wanted-member = { $value } among them
wanted-any-of = any of { $values } among them
wanted-all-of = all of { $values } among them
wanted-none-of = none of { $values } among them
wanted-present = to be given
wanted-absent = not to be given
wanted-known = a value that the registry knows
wanted-unknown = a value that no registry knows
wanted-not = anything but { $wanted }
limit-of-cell = { $limit } ({ $cell })

step-test = { $what }: { $is } — wanted: { $wanted }
step-required = { $what }: { $is } — required: { $wanted }
step-script = { $script }
step-script-required = required: { $script }
step-script-not = not: { $script }
step-with = { $said }, with { $inputs }
input = { $what }: { $is }
step-always = holds for every request of this kind

given-ignored = “{ $written }” was given, which no registry knows; it counts for nothing
given-default = not stated: the vocabulary’s default
given-taken-from = not stated: taken from { $fact }
given-computed = from { $script }

effect-permit = permits: { $code }
effect-deny = denies: { $code }
effect-refer = refers: { $code }
effect-ask = asks: { $code }
effect-attach = adds to { $outcome }

period-between = in force from { $from } until before { $until }
period-from = in force from { $from }
period-until = in force until before { $until }
period-always = always in force
period-by = { $when }, read by { $fact }: { $is }
retired = retired by an overlay at { $place }: { $reason }
rests-on = rests on { $evidence }

row-applies = table { $table }, row at { $place }: { $values }
row-may-apply = table { $table }, row at { $place }, may apply: { $values }
row-not-in-force = table { $table }, row at { $place }, not in force then: { $values }
entry = list { $list }, entry at { $place }: { $value }

rule-waits = waits for { $facts }
rule-failed = failed: { $error }
rule-result = result { $name }: { $value }
rule-result-from = result { $name }: { $value }, { $given }
rule-result-unknown = not known
rule-obligations = obligations and advice: { $codes }

facts-unread = given, but no rule reads it: { $facts }
facts-absent = not given, and that is an answer: { $facts }
fact-fixed = as it is; the caller cannot choose it
setting-choices = of { $choices }

change-permits = a permit follows when:
change-set = { $fact } is { $to } instead of { $from }
change-give = { $fact } is given as { $to }
change-any = { $fact } is given, for example as { $to }
change-add = { $fact } has { $values } as well
change-remove = { $fact } is without { $values }
change-wait = the request is made at { $to } or later
changes-more = { $count ->
    [one] { $count } more change leads to a permit
   *[other] { $count } more changes lead to a permit
}
changes-supply = to be given:
changes-then = No change of one or two of the facts that the caller may choose leads to a permit yet; what is asked for comes first.
changes-not-yet = No change of one or two facts leads to a permit at once; these at least lead on:
changes-onward = { $change }; then it waits for { $facts }
changes-none = Nothing that the caller can change leads to a permit.
changes-none-of-two = No change of one or two facts leads to a permit.
changes-no-rule = No rule permits such a request.
changes-incomplete = { $count ->
    [one] The search stopped after { $count } trial.
   *[other] The search stopped after { $count } trials.
}
obstacle-rule = { $rule } stands in the way
obstacle-last-day = The last day on which it did not was { $day }, and time does not go back.
obstacle-fixed = It rests on what the caller cannot change: { $facts }.
obstacle-changeable = What the caller can change about it is not enough: { $facts }.
