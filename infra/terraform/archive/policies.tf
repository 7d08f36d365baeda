# Rights, as policies to attach to the roles of a deployment. None may remove a version: lifecycle rules alone do.
locals {
  arn = aws_s3_bucket.archive.arn

  written  = [for name in concat(local.datasets, local.bookkeeping) : "${var.prefix}${name}/"]
  readable = [for name in var.reader_datasets : "${var.prefix}${name}/"]

  policies = {
    writer   = data.aws_iam_policy_document.writer.json
    reader   = data.aws_iam_policy_document.reader.json
    operator = data.aws_iam_policy_document.operator.json
    hold     = data.aws_iam_policy_document.hold.json
  }
}

resource "aws_iam_policy" "archive" {
  for_each = local.policies

  name   = "${var.bucket_name}-${each.key}"
  policy = each.value
  tags   = var.tags
}

# The stage: writes, and takes away what no manifest names any more.
data "aws_iam_policy_document" "writer" {
  statement {
    sid       = "Objects"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = [for prefix in local.written : "${local.arn}/${prefix}*"]
  }

  # Of the whole bucket: to whom names of some prefixes alone are told, an object that is not there is forbidden, and not
  # missing. Uploads: what a killed process left is taken back.
  statement {
    sid       = "Names"
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [local.arn]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

# Data teams and their engines: read what is safe to share.
data "aws_iam_policy_document" "reader" {
  statement {
    sid       = "Objects"
    actions   = ["s3:GetObject"]
    resources = [for prefix in local.readable : "${local.arn}/${prefix}*"]
  }

  statement {
    sid       = "Names"
    actions   = ["s3:ListBucket"]
    resources = [local.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [for prefix in local.readable : "${prefix}*"]
    }
  }

  # Engines ask where the bucket is.
  statement {
    sid       = "Region"
    actions   = ["s3:GetBucketLocation"]
    resources = [local.arn]
  }

  # Whatever else the role may: rejected records hold words as they came in, and old versions what was erased.
  statement {
    sid       = "NeverWordsAsTheyCameIn"
    effect    = "Deny"
    actions   = ["s3:GetObject"]
    resources = ["${local.arn}/${var.prefix}rejected/*"]
  }

  statement {
    sid       = "NeverOldVersions"
    effect    = "Deny"
    actions   = ["s3:GetObjectVersion", "s3:ListBucketVersions"]
    resources = [local.arn, "${local.arn}/*"]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

# Who verifies, replays and erases: as the stage, and sees versions, rules and holds, to tell when the last copy goes.
data "aws_iam_policy_document" "operator" {
  source_policy_documents = [data.aws_iam_policy_document.writer.json]

  statement {
    sid = "Bucket"
    actions = [
      "s3:GetBucketLocation",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketVersioning",
      "s3:GetLifecycleConfiguration",
      "s3:ListBucketVersions",
    ]
    resources = [local.arn]
  }

  statement {
    sid       = "Versions"
    actions   = ["s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersion"]
    resources = [for prefix in local.written : "${local.arn}/${prefix}*"]
  }
}

# Who answers to a court: puts a hold on single versions, and takes it off.
data "aws_iam_policy_document" "hold" {
  statement {
    sid       = "Holds"
    actions   = ["s3:GetObjectLegalHold", "s3:PutObjectLegalHold"]
    resources = [for name in local.datasets : "${local.arn}/${var.prefix}${name}/*"]
  }

  statement {
    sid       = "Names"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [local.arn]
  }
}
