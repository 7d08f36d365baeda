# An archive with one legal hold, old signals in cheaper storage, and the roles of one deployment.
terraform {
  required_version = ">= 1.9"
}

provider "aws" {
  region = "eu-central-1"
}

module "archive" {
  source = "../"

  bucket_name     = "acme-signpost-archive"
  prefix          = "signpost/"
  erasure_days    = 30
  noncurrent_days = 7
  legal_hold      = ["alerts"]

  colder = {
    signals = [
      { days = 60, storage_class = "STANDARD_IA" },
      { days = 180, storage_class = "GLACIER_IR" },
    ]
  }

  tags = { service = "signpost" }
}

# Roles that the cluster gives to the archive stage, to a data team and to whoever runs `signpost erase`.
resource "aws_iam_role_policy_attachment" "archive" {
  for_each = {
    signpost-archive  = "writer"
    analytics         = "reader"
    signpost-operator = "operator"
  }

  role       = each.key
  policy_arn = module.archive.policy_arns[each.value]
}

output "archive" {
  value = module.archive
}
