# The archive's bucket, what is kept in it how long, and who may do what with it. See README.md.
terraform {
  # Validations that look at several variables.
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}
