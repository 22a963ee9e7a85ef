#include "storage/files/file_blob_store.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace berth::storage {
namespace {

TEST(FileBlobStore, FinishesAnUpload) {
    TemporaryFolder folder;
    WorkerPool workers(2);
    auto store = FileBlobStore::open(folder.path().string(), workers);
    ASSERT_TRUE(store);
    auto writer = sync_wait((*store)->open_upload(Guid::random(), DigestAlgorithm::sha256, true));
    ASSERT_TRUE(writer);
    const std::string content(1'000'000, 'x');
    ASSERT_TRUE(sync_wait((*writer)->append(as_bytes(content))));
    EXPECT_EQ(sync_wait((*writer)->digest(DigestAlgorithm::sha256)), Digest::of(as_bytes(content)));
    const auto key = Guid::random();
    ASSERT_TRUE(sync_wait((*writer)->finish(key)));
    const auto object = sync_wait((*store)->open(key));
    ASSERT_TRUE(object);
    EXPECT_EQ(object->size, content.size());
}

} // namespace
} // namespace berth::storage
