# What a deployment decides. Days are days of 24 hours, as S3 counts them.
variable "bucket_name" {
  description = "Name of the bucket to make, for example acme-signpost-archive. Names are unique in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name has 3 to 63 lower-case letters, digits, dots and dashes, and begins and ends with a letter or digit."
  }
}

variable "prefix" {
  description = "Where in the bucket the archive begins, for example signpost/; the archive must be configured with the same. Empty: at its root."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([A-Za-z0-9_.-]+/)*$", var.prefix))
    error_message = "prefix is empty, or one or several names with a slash after each, such as signpost/."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects. Null: keys of S3 itself (SSE-S3)."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/…; an alias is none."
  }
}

variable "erasure_days" {
  description = "Within how many days nothing may be left of the words of a person who asked to be erased."
  type        = number
  default     = 30

  validation {
    condition     = var.erasure_days >= 7 && var.erasure_days == floor(var.erasure_days)
    error_message = "erasure_days is a whole number from 7 on: S3 itself takes up to three days to remove what has expired."
  }
}

variable "noncurrent_days" {
  description = "How long versions of objects stay that were replaced or deleted: so long a mistake can be undone, and so long erased words live on in them."
  type        = number
  default     = 7

  # S3 counts from the next midnight, and removes in the day after: two days on top. One more for the erasure itself.
  validation {
    condition     = var.noncurrent_days >= 1 && var.noncurrent_days == floor(var.noncurrent_days) && var.noncurrent_days <= var.erasure_days - 3
    error_message = "noncurrent_days is a whole number from 1 to erasure_days - 3: old versions hold what was erased, and must be gone within the deadline."
  }
}

variable "colder" {
  description = "By dataset, after how many days its data goes to which storage class, for example { signals = [{ days = 90, storage_class = \"GLACIER_IR\" }] }. Days count from the writing of a file, not from the day that it is of."
  type = map(list(object({
    days          = number
    storage_class = string
  })))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.colder) : contains(local.datasets, name) && name != "rejected"])
    error_message = "colder names datasets of the archive; rejected is none of them, since it does not grow old."
  }

  # What lies in GLACIER or DEEP_ARCHIVE cannot be read at once: queries, verify, replay and erase would fail.
  validation {
    condition = alltrue(flatten([
      for steps in values(var.colder) : [
        for step in steps : contains(["STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR"], step.storage_class)
      ]
    ]))
    error_message = "A storage class is STANDARD_IA, INTELLIGENT_TIERING or GLACIER_IR: what lies in the others cannot be read at once, and erase must read it."
  }

  validation {
    condition = alltrue(flatten([
      for steps in values(var.colder) : [for step in steps : step.days >= (step.storage_class == "STANDARD_IA" ? 30 : 0)]
    ]))
    error_message = "days are 0 or more; 30 or more for STANDARD_IA."
  }
}

variable "legal_hold" {
  description = "Datasets of which nothing may be removed while a legal hold lasts, old versions neither. Erased words stay in old versions of them, beyond the deadline, until the hold ends."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.legal_hold : contains(local.datasets, name)])
    error_message = "legal_hold names datasets of the archive."
  }
}

variable "reader_datasets" {
  description = "Datasets that the policy for data teams opens."
  type        = set(string)
  default     = ["signals", "insights", "revisions", "judgements", "alerts", "dropped"]

  validation {
    condition     = length(var.reader_datasets) > 0 && alltrue([for name in var.reader_datasets : contains(local.datasets, name) && name != "rejected"])
    error_message = "reader_datasets names at least one dataset of the archive; rejected is none of them, since it may hold words as they came in."
  }
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}
