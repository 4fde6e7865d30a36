"""A dataset as settings: where it lies, what it may be used for, who may do what to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from seqwatch_tui.config import forms
from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.quiet import Run
from seqwatch_tui.config.section import Section
from seqwatch_tui.config.values import (
    AbsolutePath,
    DatasetKind,
    Day,
    Encryption,
    Framework,
    Name,
    Operation,
    Purpose,
    Text,
)


class Irb(Section, frozen=True, kw_only=True):
    """The approval a dataset is used under (`irb`)."""

    id: Annotated[Text, Write("id: IRB-2026-014")]
    """Number of the protocol."""
    expires: Annotated[Day | None, Write("expires: 2027-03-01")] = None
    """Last day of the approval, in the site's time zone."""


class Withdrawal(Section, frozen=True, kw_only=True):
    """Files whose donor has withdrawn (`consent.withdrawn`)."""

    files: Annotated[Annotated[str, forms.inner_path], Write('files: "NA12878*"')]
    """Pattern below the dataset: `*` is any text (also over folders), `?` one character."""
    since: Annotated[Day, Write("since: 2026-05-01")]
    """First day on which they may not be read, in the site's time zone."""


class Consent(Section, frozen=True, kw_only=True):
    """What the donors agreed to (`consent`)."""

    duo: Annotated[tuple[Annotated[str, forms.duo], ...], Write('duo: [GRU, NPU, "TS:24"]')] = ()
    """Data use codes (GA4GH DUO): shorthand, shorthand with a value, or DUO number."""
    partners: Annotated[tuple[Name, ...], Write("partners: [uni-x]")] = ()
    """Partners the dataset may be shared with; kept in the table `datasets`, seqwatch itself shares nothing."""
    expires: Annotated[Day | None, Write("expires: 2028-01-01")] = None
    """Last day of the consent."""
    withdrawn: Annotated[tuple[Withdrawal, ...], Write('withdrawn: [{files: "NA12878*", since: 2026-05-01}]')] = ()
    """Files of donors who have withdrawn."""


class Dataset(Section, frozen=True, kw_only=True):
    """One watched dataset (`datasets`)."""

    id: Annotated[Name, Write("id: wgs-cohort-a")]
    """Name of the dataset everywhere; what an operator types to confirm an act on it. Unique."""
    path: Annotated[AbsolutePath, Write("path: /data/seq/wgs-cohort-a")]
    """Its folder, absolute, as the kernel reports it (no symbolic link). Of nested datasets the inner one counts."""
    objects: Annotated[tuple[Annotated[str, forms.objects], ...], Write('objects: ["s3://cohort-a/wgs"]')] = ()
    """Where copies of it lie in object storage: events there (CloudTrail, S3 access logs) are judged as on the folder."""
    kind: Annotated[DatasetKind, Write("kind: wgs")] = "other"
    """wgs, wes, panel, rna or other."""
    frameworks: Annotated[tuple[Framework, ...], Write("frameworks: [hipaa, gdpr]")] = ()
    """Rules of law and practice the dataset is under; kept in the table `datasets`."""
    purpose: Annotated[Purpose | None, Write("purpose: research")] = None
    """clinical, research or commercial."""
    irb: Annotated[Irb | None, Write("irb: {id: IRB-2026-014, expires: 2027-03-01}")] = None
    """The approval it is used under."""
    owner: Annotated[Text | None, Write("owner: genomics-core")] = None
    """Who answers for it: a person or group, kept in the table `datasets`."""
    manifest: Annotated[Annotated[str, forms.inner_path] | None, Write("manifest: SHA256SUMS")] = None
    """File of checksums, relative to `path` (md5sum or sha256sum format). Without one there is nothing to verify."""
    encryption: Annotated[Encryption, Write("encryption: any")] = "any"
    """What must protect it at rest: crypt4gh, fscrypt, luks, any of them, or none (not required)."""
    consent: Annotated[Consent | None, Write("consent: {duo: [GRU], partners: [uni-x]}")] = None
    """What the donors agreed to."""
    grants: Annotated[Mapping[str, frozenset[Operation]] | None, Write("grants: {bioinformatician: [read]}")] = None
    """Role -> operations (read, write, bulk). Absent: no policy, `allowed` is null. `{}`: nobody may."""
    run: Annotated[Run | None, Write("run: {complete: [CopyComplete.txt], instrument: [svc_novaseq]}")] = None
    """The dataset is the folder of one sequencing run, which nobody may write to once it is complete."""
    grants_until: Annotated[Mapping[str, Day], Write("grants_until: {bioinformatician: 2027-03-01}")] = {}
    """Role -> last day of its grant, in the site's time zone. A role that is not named here has it without end."""
